import json
from dataclasses import replace
from pathlib import Path

import pytest

from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.core.words import Verdict
from meddistill_gui.gui.pages.compare.run_card import differences, read_card


def paths(configs):
    return {one.option.path: one.values for one in differences(configs)}


def test_only_what_differs_is_listed():
    first = DistillConfig(project=Path("p"), name="a")
    second = replace(first, name="b", images_per_class=10)
    assert paths([first, second]) == {"images_per_class": ("1", "10")}
    assert paths([first]) == {}
    assert differences([]) == ()


def test_options_that_one_method_does_not_have_stay_empty():
    first = DistillConfig(project=Path("p"))
    second = with_values(first, {"method": "distribution"})
    found = paths([first, second])
    assert found["method"] == ("recommended", "distribution")
    assert found["options.inner_steps"][1] == ""
    assert found["options.inner_steps"][0] != ""


def test_a_run_with_everything(hospital, evaluation):
    run = hospital.finished(hospital.run())
    run.evaluation.write_text(json.dumps(evaluation))
    hospital.audited(run, Verdict.CANNOT_TELL)
    card = read_card(run)
    assert card.images.shape == (6, 8, 8)
    assert card.labels == (0, 0, 1, 1, 2, 2)
    assert (card.best.step, card.best.value) == (20, 0.71)
    assert card.figures["balanced_accuracy"]["mean"] == 0.683
    assert card.verdict is Verdict.CANNOT_TELL
    assert card.problem == ""


def test_a_damaged_part_is_said_and_the_rest_is_shown(hospital):
    run = hospital.finished(hospital.run())
    run.evaluation.write_text("{")
    card = read_card(run)
    assert card.images is not None
    assert card.figures is None
    assert card.problem


def test_a_run_that_has_only_begun(hospital):
    card = read_card(hospital.run())
    assert (card.images, card.best, card.figures, card.verdict, card.problem) == (None,) * 4 + ("",)


def test_no_run_at_all(tmp_path):
    with pytest.raises(ProjectError):
        read_card(RunFolder(tmp_path / "nothing"))
