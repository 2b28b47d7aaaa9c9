"""Decides what the receive page shows: a place to drop a file, its check, the bundle and the training, or the capsule."""

import functools
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from meddistill_gui.bundle import capsule as capsules
from meddistill_gui.bundle import joining, passphrases, sealing
from meddistill_gui.bundle.verifier import VerifiedBundle
from meddistill_gui.core.configs.bundle import ReceiveConfig, VerifyConfig
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.errors import ConfigError, MedDistillError
from meddistill_gui.core.events import Event, Metric, Progress, Warned
from meddistill_gui.gui.background import Background
from meddistill_gui.gui.pages.receive.bundle_view import BundleView
from meddistill_gui.gui.pages.receive.capsule_opening import CapsuleOpening
from meddistill_gui.gui.pages.receive.known_senders import ask_and_remember, known_name
from meddistill_gui.gui.pages.receive.senders_dialog import SendersDialog
from meddistill_gui.gui.pages.receive.training_view import TrainingView
from meddistill_gui.gui.pages.receive.unlock_dialog import UnlockDialog
from meddistill_gui.gui.run_thread import RunThread
from meddistill_gui.gui.session import Session
from meddistill_gui.gui.widgets.empty_state import EmptyState
from meddistill_gui.gui.widgets.fitting import fitted
from meddistill_gui.gui.widgets.page_frame import PageFrame
from meddistill_gui.jobs.job import StartJob


class ReceivePage(QWidget):
    """Opens a bundle or a capsule; nothing of it is shown before it passed every check.

    Signals:
        go_to: Name of another page to show.

    Attributes:
        capsule: What happens to a capsule.
    """

    go_to = Signal(str)
    title = "Receive"
    icon_name = "receive"

    def __init__(
        self, session: Session, start_job: StartJob, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._bundle: VerifiedBundle | None = None
        self._path = Path()
        self._also: tuple[Path, ...] = ()
        self._identity: Path | None = None
        self._typed: dict[str, str] = {}
        self._work = RunThread(start_job, self)
        self._reading = Background(1, self)
        self._build()
        self.capsule = CapsuleOpening(self._frame, start_job, self)
        self._shown_capsule = fitted(self.capsule.view)
        self._stack.addWidget(self._shown_capsule)
        self._empty.action.clicked.connect(self._ask)
        self._training.join.clicked.connect(self._ask_for_another)
        self._reading.done.connect(self._take_answer)
        self._reading.failed.connect(self._refuse)
        self._work.reported.connect(self._take_event)
        self._work.finished.connect(self._end)
        self._work.failed.connect(self._fail)
        self._frame.progress.cancelled.connect(self._work.stop)
        self.capsule.changed.connect(self._offer)
        self.capsule.shown.connect(self._show_capsule)
        self._offer()

    @property
    def bundle(self) -> VerifiedBundle | None:
        """The bundle that is shown."""
        return self._bundle

    def open_path(self, path: Path) -> None:
        """Check a bundle or a capsule, and show it if it is whole."""
        if self._working:
            self._frame.notice.show_message(
                "warning",
                self.tr("A file is being checked, or students are being trained."),
                self.tr("Stop that first, or wait until it is done."),
            )
            return
        if path.suffix.lower() == capsules.EXTENSION:
            self._clear(path)
            self.capsule.open_path(path)
            return
        if not self._unlocked(path):
            return
        self._clear(path)
        self._frame.notice.hide()
        self._frame.progress.begin(self.tr("Checking {name}").format(name=path.name))
        passphrases.hold(self._typed)
        self._work.start("verify", VerifyConfig(bundle=path, identity=self._identity))
        self._offer()

    def train(self) -> None:
        """Train students on the bundle."""
        if self._bundle is None or self._work.running:
            return
        try:
            config: ReceiveConfig = self._training.form.config()
        except ConfigError as error:
            self._frame.show_error(error)
            return
        self._frame.notice.hide()
        self._frame.progress.begin(self.tr("Starting"))
        config = replace(config, identity=self._identity, also=tuple(map(str, self._also)))
        passphrases.hold(self._typed)
        self._training.begin()
        self._body.ensureWidgetVisible(self._training)
        self._work.start("receive", config)
        self._offer()

    @property
    def _working(self) -> bool:
        return self._work.running or self.capsule.running

    def _clear(self, path: Path) -> None:
        """What was shown goes, whatever becomes of the file that is opened now."""
        self._path = path
        self._bundle = None
        self._also = ()
        self.capsule.forget()
        self._stack.setCurrentWidget(self._empty)

    def _show_capsule(self) -> None:
        self._stack.setCurrentWidget(self._shown_capsule)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event) is not None:
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped(event)
        if path is not None:
            event.acceptProposedAction()
            self.open_path(path)

    def _remember_sender(self) -> None:
        if self._bundle is None or self._bundle.signer is None:
            return
        try:
            name = ask_and_remember(self._bundle.signer, self)
        except MedDistillError as error:
            self._frame.show_error(error)
            return
        if name:
            self._view.show_bundle(self._bundle)
            self._offer()

    def _ask(self) -> None:
        kinds = self.tr(
            "Bundles and capsules (*.distilled.zip *.distilled.zip.age *.capsule);;All files (*)"
        )
        if path := self._chosen(self.tr("Open a bundle or a capsule"), kinds):
            self.open_path(path)

    def _ask_for_another(self) -> None:
        kinds = self.tr("Bundles (*.distilled.zip *.distilled.zip.age);;All files (*)")
        if path := self._chosen(self.tr("Add a bundle of the same classes"), kinds):
            self.add_path(path)

    def add_path(self, path: Path) -> None:
        """Check another bundle, and train on both together if they fit."""
        if self._bundle is None or self._work.running or path in (self._path, *self._also):
            return
        self._frame.notice.hide()
        self._frame.progress.begin(self.tr("Checking {name}").format(name=path.name))
        passphrases.hold(self._typed)
        paths = (*self._also, path)
        work = functools.partial(_joined, self._bundle.distilled, paths, self._identity)
        self._reading.ask([(paths, work)])

    def _chosen(self, title: str, kinds: str) -> Path | None:
        found, _ = QFileDialog.getOpenFileName(self, title, "", kinds)
        return Path(found) if found else None

    def _unlocked(self, path: Path) -> bool:
        """Ask for what opens an encrypted bundle; False where the user thought better of it."""
        self._identity, self._typed = None, {}
        kind = sealing.encryption_of(path)
        if kind is None:
            return True
        dialog = UnlockDialog(path.name, to_passphrase=kind == "passphrase", parent=self)
        agreed = dialog.exec() == UnlockDialog.DialogCode.Accepted
        if agreed:
            self._identity, self._typed = dialog.identity(), dialog.passphrases()
        dialog.deleteLater()
        return agreed

    def _show_keys(self) -> None:
        dialog = SendersDialog(self)
        dialog.exec()
        dialog.deleteLater()
        if self._bundle is not None:
            self._view.show_bundle(self._bundle)
            self._offer()

    def _end(self, summary: dict[str, object]) -> None:
        if self._work.name == "verify":
            # it passed in the other process; now its images are read here, by the same checks
            look = functools.partial(sealing.opened, self._path, self._identity)
            self._reading.ask([(self._path, look)])
            return
        passphrases.hold({})
        self._frame.progress.finish()
        self._training.show_summary(summary)
        self._frame.notice.show_message("good", self.tr("The students are trained."))
        self._offer()
        QTimer.singleShot(0, self, self._go_to_results)  # once they have their place

    def _go_to_results(self) -> None:
        self._body.ensureWidgetVisible(self._training.results)

    def _take_answer(self, key: object, answer: object) -> None:
        """A bundle to show, or (for a tuple of paths) what joining them gives."""
        passphrases.hold({})
        if isinstance(answer, VerifiedBundle):
            self._show_bundle(answer.path, answer)
        elif isinstance(key, tuple) and isinstance(answer, DistilledSet):
            self._show_joined(key, answer)

    def _show_joined(self, paths: tuple[Path, ...], received: DistilledSet) -> None:
        self._frame.progress.finish()
        self._also = paths
        self._training.show_joined(paths)
        self._frame.notice.show_message(
            "good",
            self.tr("{count} images of {bundles} bundles will be trained on together.").format(
                count=len(received.images), bundles=1 + len(paths)
            ),
        )
        self._offer()

    def _show_bundle(self, path: Path, bundle: VerifiedBundle) -> None:
        if path != self._path:
            return
        self._bundle = bundle
        self._frame.progress.finish()
        self._view.show_bundle(bundle)
        project = self._session.project
        self._training.offer(
            path, project.root if project else None, bundle.distilled.recipe.images_per_class
        )
        self._stack.setCurrentWidget(self._body)
        self._frame.notice.show_message(
            "good",
            self.tr("{name} is whole and unchanged since it was packed.").format(name=path.name),
            self.tr("Every checksum was compared. Nothing in it was run."),
        )
        self._offer()

    def _refuse(self, _key: object, error: MedDistillError) -> None:
        self._fail(error)

    def _fail(self, error: MedDistillError) -> None:
        passphrases.hold({})
        self._frame.progress.finish()
        self._frame.show_error(error)
        self._offer()

    def _take_event(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._frame.progress.show_progress(event)
        elif isinstance(event, Metric):
            self._training.take(event)
        elif isinstance(event, Warned):
            self._frame.notice.show_message("warning", event.message, event.remedy)

    def _offer(self) -> None:
        shown, busy = self._bundle is not None, self._working
        self._frame.primary.setVisible(shown)
        self._frame.primary.setEnabled(not busy)
        self._another.setVisible(shown or self.capsule.file is not None)
        self._another.setEnabled(not busy)
        self._training.join.setEnabled(not busy)
        signer = self._bundle.signer if self._bundle is not None else None
        self._remember.setVisible(signer is not None and not known_name(signer))
        self._training.form.setEnabled(not busy)
        self._empty.action.setEnabled(not busy)
        self.capsule.view.setEnabled(not busy)

    def _build(self) -> None:
        self._frame = PageFrame(
            self.tr("Receive"), self.tr("Check a bundle from another hospital and train on it.")
        )
        self._frame.set_primary_action(self.tr("Train students"), self.train)
        self._remember = self._frame.add_action(
            self.tr("Remember the sender …"), self._remember_sender, icon="patient"
        )
        self._keys = self._frame.add_action(self.tr("Keys …"), self._show_keys, icon="settings")
        self._another = self._frame.add_action(self.tr("Open another …"), self._ask, icon="folder")
        self._empty = EmptyState(
            "receive",
            self.tr("Drop a bundle or a capsule here"),
            self.tr(
                "A file that ends in .distilled.zip, .age where it is encrypted, or .capsule. Every byte is checked before anything of "
                "it is shown; nothing in it is run."
            ),
            self.tr("Open a file …"),
            drop=True,
        )
        self.setAcceptDrops(True)
        self._view = BundleView()
        self._training = TrainingView()
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(16)
        inside.addWidget(self._view, 1)
        inside.addWidget(self._training)
        self._body = fitted(content)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._body)
        self._frame.set_body(self._stack)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._frame)


def _joined(first: DistilledSet, paths: tuple[Path, ...], identity: Path | None) -> DistilledSet:
    others = [sealing.opened(path, identity).distilled for path in paths]
    return joining.joined([first, *others])


def _dropped(event: QDropEvent) -> Path | None:
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return next((path for path in paths if path.is_file()), None)
