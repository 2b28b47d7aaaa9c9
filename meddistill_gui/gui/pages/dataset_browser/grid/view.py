"""The grid of thumbnails: a table view that never decodes anything while it draws."""

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)
from typing_extensions import override

from meddistill_gui.data.catalogue import ImageRow
from meddistill_gui.gui.pages.dataset_browser.grid.model import TILE, GridModel
from meddistill_gui.gui.pages.dataset_browser.grid.thumbnails import SIDE, Thumbnails
from meddistill_gui.gui.theme import colours, icons

_MARGIN = 6
_Index = QModelIndex | QPersistentModelIndex


class GridView(QTableView):
    """Arrows walk from the end of a row to the next; Enter opens.

    Args:
        model: The images.
        thumbnails: Their pictures.
        parent: Owner.
    """

    shown = Signal(int)
    """Place of the image that is current."""
    opened = Signal(int)
    """Place of the image that was double-clicked, or current when Enter was pressed."""

    def __init__(
        self, model: GridModel, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._grid = model
        self._thumbnails = thumbnails
        self._wish = QTimer(self)
        self._wish.setSingleShot(True)
        self._wish.setInterval(0)
        self._wish.timeout.connect(self._want_visible)
        self._anchor = (
            0,
            0,
        )  # the first image in view after the last change of columns, and where the bar stood
        self.setModel(model)
        self.setItemDelegate(TileDelegate(thumbnails, self))
        self.setAccessibleName(self.tr("Images"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.hide()
            header.setMinimumSectionSize(1)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalScrollBar().valueChanged.connect(self._wish_soon)
        model.modelReset.connect(self._wish_soon)
        thumbnails.ready.connect(self.viewport().update)
        self.selectionModel().currentChanged.connect(self._on_current)
        self.activated.connect(self._on_activated)
        self._fit()

    def show_place(self, place: int) -> None:
        """Make the image at a place in the model's ids current, and visible."""
        index = self._grid.index_of(place)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def place(self) -> int:
        """Place of the current image; -1 for none."""
        return self._grid.position(self.currentIndex())

    def selected(self) -> list[int]:
        """Places of the selected images, ascending."""
        places = (self._grid.position(index) for index in self.selectedIndexes())
        return sorted(place for place in places if place >= 0)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    @override
    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        page = max(1, self.viewport().height() // max(1, self.rowHeight(0))) * self._columns()
        move = QAbstractItemView.CursorAction
        last = len(self._grid.ids) - 1
        here = self.place()
        target = {
            move.MoveLeft: here - 1,
            move.MovePrevious: here - 1,
            move.MoveRight: here + 1,
            move.MoveNext: here + 1,
            move.MoveUp: here - self._columns(),
            move.MoveDown: here + self._columns(),
            move.MovePageUp: here - page,
            move.MovePageDown: here + page,
            move.MoveHome: 0,
            move.MoveEnd: last,
        }.get(action, here)
        return self._grid.index_of(max(0, min(last, target)))

    def _columns(self) -> int:
        return self._grid.columnCount()

    def _fit(self) -> None:
        """As many columns as fit, of one width; what is current and selected stays so, what is in view too."""
        width = max(1, self.viewport().width())
        columns = max(1, width // (SIDE + 2 * _MARGIN))
        if columns != self._columns():
            self._set_columns(columns)
        self.verticalHeader().setDefaultSectionSize(tile_height(self))
        self.verticalScrollBar().setSingleStep(tile_height(self) // 3)
        self._wish.start()

    def _set_columns(self, columns: int) -> None:
        here, top, selected = self.place(), self._top(), self.selected()
        self._grid.set_columns(columns)
        self.show_place(here)
        chosen = QItemSelection()
        for place in selected:
            index = self._grid.index_of(place)
            chosen.select(index, index)
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if top > 0:
            position = QAbstractItemView.ScrollHint.PositionAtTop
            self.scrollTo(self._grid.index_of(top), position)
        self._anchor = (top, self.verticalScrollBar().value())

    def _top(self) -> int:
        """The first image in view by more than half; unless somebody scrolled the one of the last change, so that many changes do not drift."""
        top, value = self._anchor
        if value == self.verticalScrollBar().value():
            return top
        return self.rowAt(self.rowHeight(0) // 2) * self._columns()

    def _wish_soon(self) -> None:
        """Not `QTimer.start` itself: it would take the scroll bar's value for its interval."""
        self._wish.start()

    def _want_visible(self) -> None:
        """Ask for what is in view, then for a screen's worth below and above."""
        height = self.viewport().height()
        top, bottom = self.rowAt(0), self.rowAt(height - 1)
        top = max(0, top)
        bottom = self._grid.rowCount() - 1 if bottom < 0 else bottom
        columns = self._columns()
        first, last = top * columns, (bottom + 1) * columns - 1
        count = last - first + 1
        self._thumbnails.want(
            self._grid.rows_between(first, last)
            + self._grid.rows_between(last + 1, last + count)
            + self._grid.rows_between(first - count, first - 1)
        )

    def _on_current(self, current: QModelIndex) -> None:
        place = self._grid.position(current)
        if place >= 0:
            self.shown.emit(place)

    def _on_activated(self, index: QModelIndex) -> None:
        place = self._grid.position(index)
        if place >= 0:
            self.opened.emit(place)


class TileDelegate(QStyledItemDelegate):
    """Draws a picture that is there, or the place of one that is not yet; with class and file name under it.

    Args:
        thumbnails: The pictures.
        parent: The view.
    """

    def __init__(self, thumbnails: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        view = self.parent()
        height = tile_height(view) if isinstance(view, QWidget) else SIDE
        return QSize(SIDE + 2 * _MARGIN, height)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row = index.data(TILE)
        if not isinstance(row, ImageRow):
            return
        cell: QRect = option.rect
        painter.save()
        self._draw_back(painter, option, cell)
        left = cell.left() + (cell.width() - SIDE) // 2
        frame = QRect(left, cell.top() + _MARGIN, SIDE, SIDE)
        self._draw_picture(painter, frame, row.id)
        if row.text_risk:
            self._draw_mark(painter, option, frame)
        self._draw_words(painter, option, frame, row)
        painter.restore()

    def _draw_back(self, painter: QPainter, option: QStyleOptionViewItem, cell: QRect) -> None:
        state = option.state
        scheme = colours.current()
        inner = cell.adjusted(2, 2, -2, -2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(scheme.selected))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(inner, 8, 8)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(scheme.accent), 2))
            painter.drawRoundedRect(inner, 8, 8)

    def _draw_picture(self, painter: QPainter, frame: QRect, image: int) -> None:
        scheme = colours.current()
        pixmap = self._thumbnails.pixmap(image)
        if pixmap is not None:
            painter.drawPixmap(frame, pixmap)
            return
        painter.fillRect(frame, QColor(scheme.hover))
        if self._thumbnails.unreadable(image):
            icon = icons.pixmap("warning", 32, QColor(scheme.warning))
            painter.drawPixmap(frame.center().x() - 16, frame.center().y() - 16, icon)

    def _draw_mark(self, painter: QPainter, option: QStyleOptionViewItem, frame: QRect) -> None:
        """A word on the picture, since colour alone says nothing to some."""
        scheme = colours.current()
        said = self.tr("text?")
        box = option.fontMetrics.boundingRect(said).adjusted(-4, -2, 4, 2)
        box.moveTopRight(frame.topRight() + QPoint(-4, 4))
        painter.fillRect(box, QColor(scheme.text))
        painter.setPen(QColor(scheme.hover))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, said)

    def _draw_words(
        self, painter: QPainter, option: QStyleOptionViewItem, frame: QRect, row: ImageRow
    ) -> None:
        metrics = option.fontMetrics
        scheme = colours.current()
        lines = (
            (row.class_name or self.tr("no class"), scheme.text),
            (row.path.name, scheme.muted),
        )
        line = metrics.height()
        for number, (text, colour) in enumerate(lines):
            box = QRect(frame.left(), frame.bottom() + 6 + number * line, frame.width(), line)
            painter.setPen(QColor(colour))
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, box.width())
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def tile_height(view: QWidget) -> int:
    """Height of a tile with the two lines under its picture."""
    return SIDE + 2 * _MARGIN + 6 + 2 * view.fontMetrics().height()
