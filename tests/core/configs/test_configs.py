"""Rules over several options of the real configs."""

from pathlib import Path

import pytest

from meddistill_gui.core.config import from_mapping, problems, to_mapping, with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.methods import METHOD_OPTIONS
from meddistill_gui.core.configs.split import SplitConfig

PLACE = Path("p")
RUN = DistillConfig(project=PLACE)


def test_the_defaults_are_allowed():
    assert not problems(RUN)
    assert not problems(SplitConfig(project=PLACE))
    assert not problems(LabelConfig(project=PLACE))


@pytest.mark.parametrize("method", METHOD_OPTIONS)
def test_every_method_s_defaults_are_allowed_and_return(method):
    config = with_values(RUN, {"method": method})
    assert isinstance(config.options, METHOD_OPTIONS[method])
    assert not problems(config)
    assert from_mapping(DistillConfig, to_mapping(config)) == config


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"images.size": 8, "network.depth": 4}, "too small"),
        ({"name": "a/b"}, "folder name"),
        ({"name": ""}, "folder name"),
        ({"name": ".hidden"}, "folder name"),
        ({"options.max_start": 100}, "max_start"),
        ({"method": "progressive", "options.first_window": 5}, "first_window is 5"),
    ],
)
def test_a_run_that_cannot_work_is_refused(values, word):
    assert word in " ".join(problems(with_values(RUN, values)))


def test_the_last_segment_may_end_at_the_experts_last_epoch():
    ends = {"options.max_start": 9, "options.expert_epochs": 2}
    assert not problems(with_values(RUN, {**ends, "experts.epochs": 10}))
    assert "epoch 10" in " ".join(problems(with_values(RUN, {**ends, "experts.epochs": 9})))


@pytest.mark.parametrize(("size", "depth"), [(8, 3), (16, 4), (32, 3), (64, 6)])
def test_an_image_that_just_fits_is_allowed(size, depth):
    assert not problems(with_values(RUN, {"images.size": size, "network.depth": depth}))


def test_a_rule_needs_what_it_reads_from():
    assert problems(LabelConfig(project=PLACE, rule="table"))
    assert problems(LabelConfig(project=PLACE, rule="tag"))
    assert not problems(LabelConfig(project=PLACE, rule="tag", tag="StudyDescription"))


def test_something_must_remain_for_training():
    assert problems(SplitConfig(project=PLACE, validation=0.3, test=0.3, holdout=0.3))
    assert not problems(SplitConfig(project=PLACE, validation=0.2, test=0.2, holdout=0.3))
