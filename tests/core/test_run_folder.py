import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meddistill_gui.core import events
from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.errors import ConfigError, ProjectError
from meddistill_gui.core.events import Finished, Metric, Started, Warned
from meddistill_gui.core.run_folder import (
    EventLog,
    ask,
    asked,
    create_run,
    mean_and_spread,
    open_run,
    read_evaluation,
    read_events,
)


@pytest.fixture
def config(tmp_path):
    return DistillConfig(project=tmp_path / "project", name="first")


def metric(step: int) -> Metric:
    return Metric(name="loss", step=step, value=1.0 / (step + 1))


def test_a_run_is_made_once_and_found_again(config):
    run = create_run(config)
    assert create_run(config) == run
    assert open_run(run.root) == (run, config)
    assert run.project == config.project
    assert run.name == "first"


def test_another_config_does_not_take_the_name(config):
    create_run(config)
    with pytest.raises(ConfigError, match="exists already") as caught:
        create_run(with_values(config, {"seed": 1}))
    assert "--resume" in caught.value.remedy


def test_a_moved_project_and_a_renamed_run_are_gone_on_with(config, tmp_path):
    create_run(config)
    config.project.rename(tmp_path / "moved")
    runs = tmp_path / "moved" / "runs"
    (runs / "first").rename(runs / "second")
    run, found = open_run(runs / "second")
    assert found == with_values(config, {"project": tmp_path / "moved", "name": "second"})
    assert create_run(found) == run


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_project_reached_by_a_link_is_the_same_project(config, tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "project")
    by_link = with_values(config, {"project": tmp_path / "link"})
    run = create_run(by_link)
    assert create_run(by_link) == run
    _, found = open_run(run.root)
    assert found.project == tmp_path / "project"
    create_run(found)


@pytest.mark.parametrize("where", ["", "nowhere"])
def test_another_folder_is_no_run(tmp_path, where):
    with pytest.raises(ProjectError, match="no run folder"):
        open_run(tmp_path / where)


def test_a_damaged_config_is_named(config):
    run = create_run(config)
    run.config.write_bytes(run.config.read_bytes()[:-3] + b"\xff")
    with pytest.raises(ProjectError, match="damaged"):
        open_run(run.root)


def test_a_newer_versions_run_is_refused_and_left_as_it_is(config):
    run = create_run(config)
    written = run.config.read_text()
    assert written.startswith("format = 1\n")
    run.config.write_text(written.replace("format = 1", "format = 2"))
    before = run.config.read_bytes()
    for opened in (lambda: open_run(run.root), lambda: create_run(config)):
        with pytest.raises(ProjectError, match=r"another version of MedDistill \(format 2"):
            opened()
    assert run.config.read_bytes() == before


def test_a_run_from_before_runs_said_their_format_is_read(config):
    run = create_run(config)
    run.config.write_text(run.config.read_text().replace("format = 1\n", ""))
    assert open_run(run.root)[1] == config


def test_an_option_that_this_version_does_not_know_is_named_with_a_remedy(config):
    run = create_run(config)
    run.config.write_text(run.config.read_text().replace("[images]", "[images]\nzoom = 2"))
    with pytest.raises(ProjectError, match=r"images.zoom is no option.*another version"):
        open_run(run.root)


def test_events_are_read_as_they_come(tmp_path):
    path = tmp_path / "events.jsonl"
    log = EventLog(path)
    log.append(metric(0))
    first, offset = read_events(path)
    log.append(metric(1))
    log.append(metric(2))
    rest, end = read_events(path, offset)
    log.close()
    assert first == [metric(0)]
    assert rest == [metric(1), metric(2)]
    assert read_events(path, end) == ([], end)


def test_no_log_yet_is_no_error(tmp_path):
    assert read_events(tmp_path / "events.jsonl") == ([], 0)


@pytest.mark.slow
@given(cut=st.integers(0, 10**6))
def test_a_log_cut_anywhere_keeps_its_whole_lines_and_goes_on(cut, tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    written = [
        Started(operation="distill"),
        metric(1),
        Warned(code="ü", message="größe"),
        Finished(),
    ]
    content = b"".join(events.to_json(event).encode() + b"\n" for event in written)
    kept = content[: cut % (len(content) + 1)]
    path.write_bytes(kept)
    whole = written[: kept.count(b"\n")]
    assert read_events(path)[0] == whole
    log = EventLog(path)
    log.append(metric(9))
    log.close()
    assert read_events(path)[0] == [*whole, metric(9)]


def test_a_damaged_line_is_told_and_the_rest_is_read(tmp_path):
    path = tmp_path / "events.jsonl"
    lines = [events.to_json(metric(0)).encode(), b"\xff\x00{", events.to_json(metric(2)).encode()]
    path.write_bytes(b"\n".join(lines) + b"\n")
    found, _ = read_events(path)
    assert found[0] == metric(0)
    assert isinstance(found[1], Warned)
    assert found[1].code == "unreadable-event"
    assert found[2] == metric(2)


def test_wishes_are_heard_and_taken_back(config):
    run = create_run(config)
    assert asked(run) == ""
    for wish in ("pause", "stop", ""):
        ask(run, wish)
        assert asked(run) == wish
    run.wish.write_text("dance")
    assert asked(run) == ""
    with pytest.raises(ValueError, match="dance"):
        ask(run, "dance")


def test_figures_are_none_before_there_are_any(config):
    run = create_run(config)
    assert read_evaluation(run) is None
    run.evaluation.write_text('{"format": 1}')
    assert read_evaluation(run) == {"format": 1}


def test_a_single_student_has_no_spread():
    assert mean_and_spread({"mean": 0.8124, "sd": 0.0131}) == "0.812 ± 0.013"
    assert mean_and_spread({"mean": 0.8124, "sd": math.nan}) == "0.812"
