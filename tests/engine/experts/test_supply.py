"""Beginning with the first experts: by the options and the iteration alone, and to the same bytes however often it stops."""

import pytest

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import Stopped
from meddistill_gui.core.events import Frame, Metric, Progress
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.engine import runner
from meddistill_gui.engine.experts.supply import wanted_at

BEGINNING = {"iterations": 8, "evaluation__every": 8, "experts__count": 5, "experts__first": 2}


@pytest.fixture
def whole(real):
    """The run's events, in a folder of this name."""

    def run(config, name, control=None, work=runner.distill):
        folder = RunFolder(config.project / name)
        folder.root.mkdir(exist_ok=True)
        images = real(24), real(12, role="validation", seed=1)
        return work(config, folder, *images, control or Control())

    return run


def test_experts_come_one_by_one_until_halfway(small_config):
    config = small_config(**BEGINNING)
    assert [wanted_at(config, i, 12) for i in range(12)] == [2, 2, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5]


@pytest.mark.parametrize("first", [0, 5, 9])
def test_all_at_once_unless_fewer_are_asked_for(small_config, first):
    assert wanted_at(small_config(experts__count=5, experts__first=first), 0, 12) == 5


@pytest.mark.slow
def test_the_first_images_are_seen_before_the_last_expert_is_trained(small_config, whole):
    events = list(whole(small_config(**BEGINNING), "run"))
    first = next(n for n, event in enumerate(events) if isinstance(event, Frame))
    trained = [n for n, e in enumerate(events) if isinstance(e, Metric) and e.name == "expert loss"]
    assert first < max(trained)


def stopped_at_the_first_iteration(events, control):
    for event in events:
        if isinstance(event, Progress) and event.phase != "training experts":
            control.request_stop()


@pytest.mark.slow
def test_experts_that_are_there_already_change_nothing(small_config, whole):
    config, control = small_config(**BEGINNING), Control()
    list(whole(config, "one"))
    with pytest.raises(Stopped):
        stopped_at_the_first_iteration(whole(config, "two", control), control)
    list(whole(config, "two", work=runner.experts))
    list(whole(config, "two"))
    one, two = (RunFolder(config.project / n).result.read_bytes() for n in ("one", "two"))
    assert one == two
