"""Names that could be a person's are asked about, and names of findings are not."""

import pytest

from meddistill_gui.data.labels.class_names import questions_about

PERSONAL = [
    "Smith, John", "Smith_J", "Müller^Hans", "Dr. Weber", "frau_schmidt", "1975-03-12", "12.3.1975", "19750312",
    "case 1234567", "1.2.840.10008.1.2", "jane.doe@example.org", "INV-000042 left", "Åkesson, E.",
]  # fmt: skip

FINDINGS = [
    "normal", "COVID", "Viral Pneumonia", "ground-glass", "No Finding", "BI-RADS 4", "grade_2", "class0", "T2-w", "Lung_Opacity",
    "pneumonia 2019", "0", "stage IIIb", "infected (PCR+)", "Mass/Nodule",
]  # fmt: skip


@pytest.mark.parametrize("name", PERSONAL)
def test_personal_names_are_questioned(name: str) -> None:
    (question,) = questions_about([name], {"INV-000042", "7"})
    assert repr(name) in question


@pytest.mark.parametrize("name", FINDINGS)
def test_findings_are_not(name: str) -> None:
    assert questions_about([name], {"INV-000042", "7", "0"}) == ()


def test_folders_of_patients_are_no_classes_and_are_asked_about_once() -> None:
    """50,000 names against 50,000 identities one by one would take hours."""
    names = [f"P{n:06d}" for n in range(50_000)]
    (said,) = questions_about(names, names)
    assert "50,000 classes" in said
    assert "another level of folders" in said
