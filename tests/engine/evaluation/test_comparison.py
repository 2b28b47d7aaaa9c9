"""The table: right counts, one protocol, figures that follow from the students."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torchvision
from small_set import distilled_set, real_images

from meddistill_gui.core.configs.results import EvaluateConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import Stopped
from meddistill_gui.core.events import Progress
from meddistill_gui.core.real_images import UNKNOWN_PATIENT
from meddistill_gui.engine.evaluation import baselines, comparison
from meddistill_gui.engine.evaluation.metrics import interval


def compared(test=None, distilled=None, **options):
    config = EvaluateConfig(
        run=Path("nowhere"), device="cpu", **{"students": 2, "random_draws": 3, **options}
    )
    test = test or real_images(role="test", seed=1)
    distilled = distilled or distilled_set()
    work = comparison.compare(config, distilled, real_images(), test, Control())
    events = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as end:
            return end.value, events


@pytest.fixture(autouse=True)
def short_whole(monkeypatch):
    monkeypatch.setattr(baselines, "_WHOLE_PASSES", 5)


def test_the_table_as_agreed():
    table, events = compared()
    assert table["format"] == 1
    assert table["class_names"] == ["top", "middle", "bottom"]
    assert (table["test_images"], table["test_patients"]) == (60, 20)
    rows = {row["name"]: row for row in table["rows"]}
    assert list(rows) == ["distilled", "random", "whole"]
    assert [row["students"] for row in table["rows"]] == [2, 6, 2]
    assert [row["training_images"] for row in table["rows"]] == [3, 3, 60]
    for row in table["rows"]:
        assert np.sum(row["confusion"]) == pytest.approx(60)
        assert [one["class"] for one in row["per_class"]] == table["class_names"]
        for name in ("accuracy", "balanced_accuracy", "macro_f1", "auroc", "calibration_error"):
            assert row[name]["low"] <= row[name]["mean"] <= row[name]["high"]
            assert len(row[name]["values"]) == row["students"]
    json.dumps(table, allow_nan=False)
    progress = [event for event in events if isinstance(event, Progress)]
    small, whole = comparison.PHASE, comparison.WHOLE_PHASE
    expected = [(small, done, 8) for done in range(9)] + [(whole, done, 2) for done in range(3)]
    assert [(event.phase, event.done, event.total) for event in progress] == expected


def test_every_figure_that_was_agreed_is_worked_out_from_the_answers(monkeypatch):
    """One student's answers, and every figure of its row by hand."""
    answers = np.array([[0.6, 0.2, 0.2]] * 30 + [[0.1, 0.7, 0.2]] * 20 + [[0.2, 0.2, 0.6]] * 10)
    test = real_images(count=60, seed=4)
    monkeypatch.setattr(comparison, "predict", lambda *_: answers)
    table, _ = compared(students=1, random_draws=1, whole=False, test=test)
    row, labels = table["rows"][0], test.labels
    taken = answers.argmax(1)
    counts = [[int(((labels == k) & (taken == j)).sum()) for j in range(3)] for k in range(3)]
    assert row["confusion"] == counts
    assert row["accuracy"]["mean"] == pytest.approx(np.trace(counts) / 60)
    found, f1 = [], []
    for k, one in enumerate(row["per_class"]):
        hits, own = counts[k][k], sum(counts[k])
        called = sum(line[k] for line in counts)
        sensitivity = hits / own
        specificity = (60 - own - called + hits) / (60 - own)
        found.append(sensitivity)
        f1.append(2 * hits / (own + called))
        assert one["sensitivity"] == pytest.approx(sensitivity)
        assert one["specificity"] == pytest.approx(specificity)
        both = sensitivity + specificity
        assert one["harmonic_mean"] == pytest.approx(2 * sensitivity * specificity / both)
        scores = answers[:, k]
        pairs = scores[labels == k][:, None] - scores[labels != k][None]
        assert one["auroc"] == pytest.approx(np.mean((pairs > 0) + 0.5 * (pairs == 0)))
    assert row["balanced_accuracy"]["mean"] == pytest.approx(np.mean(found))
    assert row["macro_f1"]["mean"] == pytest.approx(np.mean(f1))
    assert row["auroc"]["mean"] == pytest.approx(
        np.mean([one["auroc"] for one in row["per_class"]])
    )
    sure, right = answers.max(1), taken == labels
    gaps = [abs((right[sure == at] - at).mean()) * (sure == at).mean() for at in (0.6, 0.7)]
    assert row["calibration_error"]["mean"] == pytest.approx(sum(gaps))


def test_means_follow_from_the_values_and_the_interval_from_the_draws():
    table, _ = compared()
    for row in table["rows"]:
        found = row["balanced_accuracy"]
        assert found["mean"] == pytest.approx(np.mean(found["values"]))
        assert found["sd"] == pytest.approx(np.std(found["values"], ddof=1))
    random = table["rows"][1]["accuracy"]
    of_draws = interval(np.reshape(random["values"], (3, 2)).mean(axis=1))
    assert random["low"] == pytest.approx(max(0.0, of_draws.low))


def test_the_interval_of_several_draws_is_over_their_means():
    """Two students of a draw look alike: six students of three draws are three looks, not six."""
    values = [0.50, 0.52, 0.60, 0.62, 0.70, 0.72]
    found = comparison._spread(values, 3)
    assert found["mean"] == pytest.approx(0.61)
    assert found["sd"] == pytest.approx(np.std(values, ddof=1))
    reach = (
        4.30265 * 0.1 / math.sqrt(3)
    )  # t for two degrees of freedom; the draws' means are 0.1 apart
    assert (found["low"], found["high"]) == pytest.approx((0.61 - reach, 0.61 + reach), rel=1e-5)
    alone = comparison._spread(values, 1)
    assert alone["high"] - alone["low"] < 0.5 * (found["high"] - found["low"])


def test_the_same_seed_gives_the_same_table_and_another_seed_another():
    def values(seed):
        return [row["auroc"]["values"] for row in compared(seed=seed, whole=False)[0]["rows"]]

    assert values(0) == values(0)
    assert values(0) != values(50)


def test_one_student_has_no_spread_and_no_interval():
    table, _ = compared(students=1, random_draws=1, whole=False)
    assert len(table["rows"]) == 2
    for row in table["rows"]:
        assert math.isnan(row["accuracy"]["sd"])
        assert math.isnan(row["accuracy"]["low"])
        assert 0 <= row["accuracy"]["mean"] <= 1


def test_chosen_images_get_a_row_each():
    table, events = compared(coresets=("herding", "k-center"))
    names = [row["name"] for row in table["rows"]]
    assert names == ["distilled", "random", "herding", "k-center", "whole"]
    assert table["rows"][2]["title"] == "3 real images chosen by herding"
    assert [event.total for event in events if event.done == event.total] == [12, 2]


def test_dd_ranking_s_numbers_need_all_images_and_hard_labels():
    hard, _ = compared(students=1, random_draws=1)
    assert set(hard["label_fair"]) == {"hlr", "ior", "score"}
    assert "label_fair" not in compared(students=1, random_draws=1, whole=False)[0]
    plain = distilled_set()
    soft = replace(plain, labels=0.8 * plain.labels + np.float32(0.2 / 3))
    table, _ = compared(distilled=soft, students=1, random_draws=1)
    rows = {row["name"]: row["balanced_accuracy"]["mean"] for row in table["rows"]}
    assert list(rows) == ["distilled", "random", "distilled-hard", "whole"]
    assert table["label_fair"]["hlr"] == pytest.approx(rows["whole"] - rows["distilled-hard"])
    # hard labels are those of the plain set, and so is the student
    assert rows["distilled-hard"] == hard["rows"][0]["balanced_accuracy"]["mean"]


def test_a_few_real_images_of_each_class_get_a_row_of_their_own():
    table, events = compared(few_shot=4)
    row = table["rows"][2]
    assert (row["name"], row["students"], row["training_images"]) == ("scratch", 2, 12)
    assert row["title"] == "12 real images, 4 of each class, from scratch"
    assert [event.total for event in events if event.done == event.total] == [10, 2]


def test_more_images_than_a_class_has_are_all_it_has():
    table, _ = compared(few_shot=30, whole=False, students=1, random_draws=1)
    assert table["rows"][2]["training_images"] == 60


@pytest.mark.slow
def test_a_network_with_given_weights_learns_from_the_same_few_images(tmp_path, monkeypatch):
    monkeypatch.setattr(baselines, "RATES", ())
    weights = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(torchvision.models.resnet18().state_dict(), weights)
    few = {"few_shot": 2, "transfer_weights": weights, "students": 1, "random_draws": 1}
    table, _ = compared(distilled=distilled_set(steps=1), whole=False, **few)
    row = table["rows"][3]
    assert (row["name"], row["training_images"]) == ("transfer", 6)
    assert row["title"] == "6 real images, 2 of each class, resnet18 with the given weights"
    assert str(tmp_path) not in json.dumps(table)


def test_unknown_patients_are_not_counted():
    test = replace(real_images(role="test", seed=1), patients=np.full(60, UNKNOWN_PATIENT))
    table, _ = compared(test, whole=False)
    assert table["test_patients"] is None


def test_test_images_are_only_looked_at_when_everything_is_trained():
    """A test set that cannot be judged does not disturb a single training."""
    test = real_images(role="test", seed=1)
    broken = replace(test, labels=test.labels + 7)
    config = EvaluateConfig(run=Path("nowhere"), device="cpu", students=1, random_draws=1)
    work = comparison.compare(config, distilled_set(), real_images(), broken, Control())
    assert [next(work).done for _ in range(5)] == [0, 1, 2, 0, 1]
    with pytest.raises(ValueError, match="labels are outside"):
        next(work)


def test_a_stop_ends_it():
    control = Control()
    control.request_stop()
    config = EvaluateConfig(run=Path("nowhere"), device="cpu", students=1)
    with pytest.raises(Stopped):
        list(comparison.compare(config, distilled_set(), real_images(), real_images(), control))
