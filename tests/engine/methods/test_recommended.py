"""The combination that is ours: what it asks of experts, of students and of the step size."""

import math
from pathlib import Path

import pytest

from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.distill import DistillConfig, student_steps
from meddistill_gui.engine.matching.range_test import RangeTest
from meddistill_gui.engine.matching.segments import SegmentMatching
from meddistill_gui.engine.matching.warm_start import WarmStart
from meddistill_gui.engine.registry import make_method


def config_of(**values: object) -> DistillConfig:
    plain = DistillConfig(project=Path("project"))
    return with_values(with_values(plain, {"method": "recommended"}), values)


def matching_of(config: DistillConfig) -> SegmentMatching:
    method = make_method(config)
    assert isinstance(method, WarmStart)
    assert isinstance(method.then, SegmentMatching)
    return method.then


@pytest.mark.parametrize("count", [1, 4, 10])
def test_the_images_step_grows_with_the_root_of_their_number(count: int) -> None:
    matching = matching_of(config_of(images_per_class=count))
    assert matching.learning.image_rate == pytest.approx(300.0 * math.sqrt(count))


@pytest.mark.parametrize(("count", "steps"), [(1, 20), (5, 20), (7, 14), (10, 10), (50, 10)])
def test_students_take_fewer_steps_where_there_are_many_images(count: int, steps: int) -> None:
    assert matching_of(config_of(images_per_class=count)).inner_steps == steps
    own = {"images_per_class": count, "options.inner_steps": 3}
    assert matching_of(config_of(**own)).inner_steps == 3


def test_the_step_size_is_still_found_where_it_is_left_open() -> None:
    method = make_method(config_of(**{"options.image_rate": 0.0}))
    assert isinstance(method, WarmStart)
    assert isinstance(method.then, RangeTest)


def test_students_of_the_result_train_as_long_as_the_method_says() -> None:
    assert student_steps(config_of()) == 200
    own = config_of(**{"options.student_steps": 0, "evaluation.steps": 77})
    assert student_steps(own) == 77
    other = with_values(own, {"method": "distribution"})
    assert student_steps(other) == 77
