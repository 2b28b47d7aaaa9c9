"""The questions that this page asks before an operation begins."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.patients import PatientsConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.project import Project
from meddistill_gui.gui.forms.operation_dialog import OperationDialog
from meddistill_gui.gui.pages.dataset_browser.labels.look import look_at_labels, look_at_patients
from meddistill_gui.gui.pages.dataset_browser.labels.preview_dialog import PreviewDialog
from meddistill_gui.gui.pages.dataset_browser.steps import is_divided


def label_dialog(project: Project, parent: QWidget) -> PreviewDialog:
    """Where the classes come from."""
    return PreviewDialog(
        _tr("Set the classes"),
        _tr(
            "Every image gets the class that a model shall learn to tell. Classes that were set by hand stay."
        ),
        LabelConfig(project=project.root),
        _tr("Set classes"),
        catalogue=project.catalogue,
        make_look=look_at_labels,
        leave_out={"project"},
        titles={
            "rule": {
                "folder": _tr("Name of the folder"),
                "table": _tr("A table (CSV or XLSX)"),
                "tag": _tr("A DICOM tag"),
                "keep": _tr("As they are: only rename, merge, leave out"),
            }
        },
        only_if={
            "folder_level": ("rule", "folder"),
            "table": ("rule", "table"),
            "key_column": ("rule", "table"),
            "class_column": ("rule", "table"),
            "tag": ("rule", "tag"),
        },
        parent=parent,
    )


def patients_dialog(project: Project, parent: QWidget) -> PreviewDialog:
    """Who is shown where no header says it."""
    return PreviewDialog(
        _tr("Name the patients"),
        _tr(
            "For picture files, volumes and stripped DICOM files; a header is never overruled. Images of one patient must not "
            "stand in two parts of the division: where patients are unknown, every result says so."
        ),
        PatientsConfig(project=project.root),
        _tr("Name patients"),
        catalogue=project.catalogue,
        make_look=look_at_patients,
        leave_out={"project"},
        titles={
            "rule": {
                "pattern": _tr("A pattern of file names"),
                "table": _tr("A table (CSV or XLSX)"),
                "none": _tr("Nothing: forget what was said"),
            }
        },
        only_if={
            "pattern": ("rule", "pattern"),
            "table": ("rule", "table"),
            "key_column": ("rule", "table"),
            "patient_column": ("rule", "table"),
        },
        parent=parent,
    )


def split_dialog(project: Project, source: Path | None, parent: QWidget) -> OperationDialog:
    """How the patients are divided."""
    return OperationDialog(
        _tr("Divide the patients"),
        _tr(
            "Each patient's images go into one part only. The division is drawn once; test patients are touched a "
            "single time, at the very end."
        ),
        SplitConfig(
            project=project.root,
            keep_folders=source is not None and is_divided(source),
        ),
        _tr("Divide"),
        leave_out={"project"},
        only_if={"test": ("keep_folders", False)},
        parent=parent,
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("dialogs", text)
