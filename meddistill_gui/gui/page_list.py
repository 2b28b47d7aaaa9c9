"""The pages of the window in the order of the work; each is loaded when it is first shown."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, kw_only=True)
class PageEntry:
    """One page of the rail.

    Attributes:
        name: As `go_to` names it.
        title: Words on the rail.
        icon: Name of its icon.
        load: Imports the page's class; its constructor takes session, start_job and parent.
    """

    name: str
    title: str
    icon: str
    load: Callable[[], type[QWidget]]


def pages() -> tuple[PageEntry, ...]:
    """Every page; titles are translated when this is called."""
    say = QCoreApplication.translate
    return (
        PageEntry(name="dataset_browser", title=say("Rail", "Dataset"), icon="dataset", load=_data),
        PageEntry(
            name="distillation_wizard", title=say("Rail", "Distil"), icon="distil", load=_distil
        ),
        PageEntry(name="live_view", title=say("Rail", "Live view"), icon="live", load=_live),
        PageEntry(name="compare", title=say("Rail", "Compare"), icon="compare", load=_compare),
        PageEntry(
            name="anonymity_preview",
            title=say("Rail", "Anonymity preview"),
            icon="anonymity",
            load=_anonymity,
        ),
        PageEntry(name="export", title=say("Rail", "Export"), icon="export", load=_export),
        PageEntry(name="receive", title=say("Rail", "Receive"), icon="receive", load=_receive),
    )


# The imports stand inside: pyqtgraph and numpy take most of a second, and the first window need not wait for them.


def _data() -> type[QWidget]:
    from meddistill_gui.gui.pages.dataset_browser.page import DatasetBrowserPage

    return DatasetBrowserPage


def _distil() -> type[QWidget]:
    from meddistill_gui.gui.pages.distillation_wizard.page import (
        DistillationWizardPage,
    )

    return DistillationWizardPage


def _live() -> type[QWidget]:
    from meddistill_gui.gui.pages.live_view.page import LiveViewPage

    return LiveViewPage


def _compare() -> type[QWidget]:
    from meddistill_gui.gui.pages.compare.page import ComparePage

    return ComparePage


def _anonymity() -> type[QWidget]:
    from meddistill_gui.gui.pages.anonymity_preview.page import (
        AnonymityPreviewPage,
    )

    return AnonymityPreviewPage


def _export() -> type[QWidget]:
    from meddistill_gui.gui.pages.export.page import ExportPage

    return ExportPage


def _receive() -> type[QWidget]:
    from meddistill_gui.gui.pages.receive.page import ReceivePage

    return ReceivePage
