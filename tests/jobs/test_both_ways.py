"""The same real operation, in this process and in a child: the same events, the same errors."""

import pytest

from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.errors import SourceError
from meddistill_gui.core.events import Finished, Started
from meddistill_gui.jobs import child_process
from tests.operations.small_hospital import write_source

pytestmark = pytest.mark.slow  # loads torch, in a child as well


def in_process(name, config):
    from meddistill_gui.jobs import in_process

    return in_process.start(name, config)


WAYS = (in_process, child_process.start)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_source(tmp_path_factory.mktemp("source") / "images", patients=2)


def test_events_are_the_same(source, tmp_path):
    said = [
        list(start("scan", ScanConfig(source=source, project=tmp_path / str(number))).events())
        for number, start in enumerate(WAYS)
    ]
    assert said[0] == said[1]
    assert isinstance(said[0][0], Started)
    assert isinstance(said[0][-1], Finished)
    assert said[0][-1].summary["images"] == 12


def test_errors_are_the_same(tmp_path):
    said = []
    for start in WAYS:
        scan = ScanConfig(source=tmp_path / "nowhere", project=tmp_path / "project")
        with pytest.raises(SourceError) as error:
            list(start("scan", scan).events())
        said.append((error.value.message, error.value.remedy))
    assert said[0] == said[1]
    assert "nowhere" in said[0][0]
