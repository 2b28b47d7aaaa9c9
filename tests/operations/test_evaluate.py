"""Rows that are asked for: the papers' protocol beside ours, and refusals before an image is read."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from meddistill_gui.bundle import utility
from meddistill_gui.core.configs.distill import EvaluationConfig
from meddistill_gui.core.configs.results import EvaluateConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.core.events import Started
from meddistill_gui.core.run_folder import RunFolder, read_evaluation
from meddistill_gui.engine.evaluation import comparison
from meddistill_gui.operations.distill import distill
from meddistill_gui.operations.evaluate import evaluate
from tests.operations.small_hospital import finished, small_run

pytestmark = pytest.mark.slow
SMALL = {"whole": False, "students": 2, "random_draws": 1}


@pytest.fixture
def run(project):
    """A run that kept the sets of its evaluations."""
    config = small_run(project, "kept")
    config = replace(config, evaluation=replace(config.evaluation, keep_sets=True))
    finished(distill(config, Control()))
    return RunFolder(project / "runs" / "kept")


def test_the_papers_protocol_is_named_optimistic_and_changes_nothing_else(run):
    assert [path.name for path in sorted(run.evaluated.iterdir())] == ["00000003.safetensors", "00000006.safetensors", "00000008.safetensors"]  # fmt: skip
    result = run.result.read_bytes()
    assert result in [path.read_bytes() for path in run.evaluated.iterdir()]
    ours = finished(evaluate(EvaluateConfig(run=run.root, **SMALL), Control()))["rows"]
    both = finished(evaluate(EvaluateConfig(run=run.root, best_over_test=True, **SMALL), Control()))
    assert [row["name"] for row in both["rows"]] == ["distilled", "random", "best-over-test"]
    for before, after in zip(ours, both["rows"][:2], strict=True):
        assert before | {"seconds": 0} == after | {"seconds": 0}
    best = both["rows"][2]
    assert "best over test of 3 evaluations, as the papers report it: optimistic" in best["title"]
    assert best["students"] == 2
    assert best["accuracy"]["mean"] >= ours[0]["accuracy"]["mean"]
    assert run.result.read_bytes() == result


def test_a_test_has_as_many_students_as_the_run_says_and_five_unless_it_says_so(run, monkeypatch):
    asked = []

    def compared(config, *_given):
        asked.append(config.students)
        return {"rows": [{"title": "T", "balanced_accuracy": {"mean": 0.5, "low": 0.4, "high": 0.6}}], "test_images": 1}  # fmt: skip
        yield

    monkeypatch.setattr("meddistill_gui.operations.evaluate.compare", compared)
    for students in (0, 4):
        finished(evaluate(EvaluateConfig(run=run.root, students=students), Control()))
    assert asked == [2, 4]  # the small run says 2
    assert EvaluationConfig().students == 5
    assert EvaluateConfig(run=run.root).students == 0


def test_it_takes_the_set_whose_students_are_most_accurate_together(monkeypatch):
    """One lucky student does not make its set the best."""
    accuracies = iter([0.9, 0.1, 0.6, 0.7, 0.2, 0.3])
    monkeypatch.setattr(comparison, "predict", lambda *_: None)
    monkeypatch.setattr(comparison, "figures", lambda *_: SimpleNamespace(accuracy=next(accuracies)))  # fmt: skip
    row = SimpleNamespace(sets=3, network=None)
    ground = SimpleNamespace(recipe=SimpleNamespace(class_names=()), device=None)
    found = comparison.judged(row, [None] * 6, ground, SimpleNamespace(labels=None))
    assert [one.accuracy for one in found] == [0.6, 0.7]


def test_it_stays_in_the_house(run):
    finished(evaluate(EvaluateConfig(run=run.root, best_over_test=True, **SMALL), Control()))
    travelling = utility.public(read_evaluation(run))
    assert [row["name"] for row in travelling["rows"]] == ["distilled", "random"]


def test_a_run_that_kept_no_sets_is_told_so_before_images_are_read(project):
    finished(distill(small_run(project), Control()))
    config = EvaluateConfig(run=project / "runs" / "small", best_over_test=True)
    with pytest.raises(ConfigError, match="kept no sets") as caught:
        assert all(isinstance(event, Started) for event in evaluate(config, Control()))
    assert "evaluation.keep_sets" in caught.value.remedy


def test_weights_that_are_not_there_are_missed_before_images_are_read(run, tmp_path):
    config = EvaluateConfig(
        run=run.root, few_shot=2, transfer_weights=tmp_path / "none.safetensors"
    )
    with pytest.raises(ConfigError, match="There is no file"):
        assert all(isinstance(event, Started) for event in evaluate(config, Control()))


def test_weights_without_images_are_refused(run, tmp_path):
    config = EvaluateConfig(run=run.root, transfer_weights=tmp_path / "any.safetensors")
    with pytest.raises(ConfigError, match="few_shot"):
        list(evaluate(config, Control()))
