import re
from pathlib import Path

import pytest

from meddistill_gui.bundle import model_card, verifier
from meddistill_gui.core.words import FORBIDDEN, NOT_FOR_CLINICAL_USE


@pytest.fixture
def checked(bundle):
    return verifier.verify_content(bundle, Path("x"))


def summary(**more):
    return {"students": 2, "images": 4, "class_names": ["a", "b"], **more}


def test_it_says_where_the_students_come_from_and_claims_nothing(checked):
    card = model_card.written([checked], checked.distilled.recipe, summary())
    for expected in (
        NOT_FOR_CLINICAL_USE,
        checked.sha256,
        "not signed",
        "no labelled images were given",
    ):
        assert expected in card
    assert not [word for word in FORBIDDEN if re.search(rf"\b{word}\b", card.lower())]


def test_figures_that_do_not_exist_are_left_out(checked):
    nan = float("nan")
    alone = {"mean": 0.5, "sd": nan, "low": nan, "high": nan}
    several = {"mean": 0.75, "sd": 0.1, "low": 0.7, "high": 0.8}
    one = {"class": "a", "sensitivity": 0.25, "specificity": 0.5, "auroc": 0.625}
    row = {"title": "4 images of the bundle", "training_images": 4, "balanced_accuracy": several, "auroc": alone,
           "calibration_error": alone, "per_class": [one]}  # fmt: skip
    card = model_card.written(
        [checked], checked.distilled.recipe, summary(rows=[row], test_images=1234)
    )
    assert "| 4 images of the bundle | 4 | 0.750 (0.700 to 0.800) | 0.500 | 0.500 |" in card
    assert "| a | 0.250 | 0.500 | 0.625 |" in card
    assert "1,234 labelled images" in card
    assert "nan" not in card
