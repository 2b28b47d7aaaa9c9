import pytest

from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.origin import Origin, load, save

ORIGIN = Origin(
    run="run-1",
    content="a" * 64,
    action="restart",
    images=(2, 5),
    reviewer="Dr Müller",
    reason="It resembles a patient.",
    time="2026-11-21T05:00:00+00:00",
    log="b" * 64,
)


def test_what_was_written_is_read_back(tmp_path):
    save(tmp_path / "origin.json", ORIGIN)
    assert load(tmp_path / "origin.json") == ORIGIN


def test_a_run_begun_from_nothing_has_none(tmp_path):
    assert load(tmp_path / "origin.json") is None


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format": 9}', b'{"format": 1, "run": "a"}'])
def test_a_damaged_one_is_refused(tmp_path, content):
    path = tmp_path / "origin.json"
    path.write_bytes(content)
    with pytest.raises(ProjectError, match="is damaged"):
        load(path)
