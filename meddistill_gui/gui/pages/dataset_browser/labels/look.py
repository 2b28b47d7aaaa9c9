"""What setting the classes or naming the patients would do, as the preview shows it; read off the window's thread."""

from PySide6.QtCore import QCoreApplication

from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.patients import PatientsConfig
from meddistill_gui.core.control import Control
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.gui.pages.dataset_browser.labels.preview_dialog import Look


def look_at_labels(config: LabelConfig, catalogue: Catalogue, control: Control) -> Look:
    """Classes of some images, and what fits nothing.

    Raises:
        LabelError: The table or the tag does not fit.
        Stopped: On request.
    """
    from meddistill_gui.data.labels.labelling import preview_labels

    preview = preview_labels(config, catalogue, control)
    counts = ", ".join(f"{name} {count:,}" for name, count in preview.classes.items())
    said = [_tr("Classes: {names}.").format(names=counts or "–")]
    if preview.unlabelled:
        said.append(_tr("Images without a class: {count}.").format(count=f"{preview.unlabelled:,}"))
    if preview.unmatched_count:
        said.append(
            _tr("Rows of the table that name no image: {count}.").format(
                count=f"{preview.unmatched_count:,}"
            )
        )
    return Look(
        sentence=" ".join(said),
        columns=(_tr("Image"), _tr("Class")),
        rows=[(path, name or _tr("none")) for path, name in preview.rows],
        others={
            _tr("Rows without an image"): preview.unmatched_rows,
            _tr("Images without a class"): preview.unmatched_images,
        },
        questions=preview.questions,
    )


def look_at_patients(config: PatientsConfig, catalogue: Catalogue, _control: Control) -> Look:
    """Patients of some files, and what fits nothing.

    Raises:
        ConfigError: The pattern is no regular expression with a group.
        LabelError: The table does not fit.
    """
    from meddistill_gui.data.division.patients import preview_patients

    preview = preview_patients(config, catalogue)
    said = _tr(
        "Files whose header names no patient: {files}. Of these, {named} would get one; different patients: {patients}."
    ).format(
        named=f"{preview.named:,}", files=f"{preview.files:,}", patients=f"{preview.patients:,}"
    )
    return Look(
        sentence=said,
        columns=(_tr("File"), _tr("Patient")),
        rows=[(path, patient or _tr("unknown")) for path, patient in preview.rows],
        others={
            _tr("Rows without an image"): preview.unmatched_rows,
            _tr("Files without a patient"): preview.unmatched_files,
        },
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("label_look", text)
