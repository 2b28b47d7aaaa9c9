import subprocess
import sys

import pytest

from meddistill_gui.core.errors import BusyError, ProjectError
from meddistill_gui.core.project import create_project, held, open_project


def test_a_new_project_can_be_opened_again(tmp_path):
    root = tmp_path / "größe"
    assert create_project(root) == open_project(root) == create_project(root)
    assert open_project(root).run_names() == ()


def test_runs_are_listed_newest_first(tmp_path):
    import os

    project = create_project(tmp_path / "p")
    for age, name in enumerate(("newest", "middle", "oldest")):
        folder = project.runs / name
        folder.mkdir()
        (folder / "run.toml").touch()
        os.utime(folder, (1000 - age, 1000 - age))
    (project.runs / "no-run").mkdir()
    assert project.run_names() == ("newest", "middle", "oldest")


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.doc").write_text("x")
    with pytest.raises(ProjectError, match="not empty"):
        create_project(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_file_is_no_project(tmp_path):
    path = tmp_path / "file"
    path.touch()
    for made in (create_project, open_project):
        with pytest.raises(ProjectError):
            made(path)


@pytest.mark.parametrize("content", [b"", b"format = ", b"\xff", b"name = 3"])
def test_a_damaged_marker_is_named(tmp_path, content):
    project = create_project(tmp_path / "p")
    project.marker.write_bytes(content)
    with pytest.raises(ProjectError, match="damaged"):
        open_project(project.root)


def test_a_newer_project_is_not_touched(tmp_path):
    project = create_project(tmp_path / "p")
    project.marker.write_text("format = 99\n")
    with pytest.raises(ProjectError, match="format 99"):
        create_project(project.root)
    assert project.marker.read_text() == "format = 99\n"


HOLDER = (
    "import sys; from pathlib import Path\n"
    "from meddistill_gui.core.project import held\n"
    "with held(Path(sys.argv[1]), 'project'):\n"
    "    print(flush=True); sys.stdin.read()\n"
)


@pytest.fixture
def other_process(tmp_path):
    """Another process that holds `tmp_path`."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=pipe, stdout=pipe
    ) as process:
        process.stdout.readline()
        yield process
        process.kill()


@pytest.mark.slow
def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path, other_process):
    with pytest.raises(BusyError, match=f"process {other_process.pid}"), held(tmp_path, "project"):
        pytest.fail("two processes hold one project")


@pytest.mark.slow
def test_the_hold_of_a_killed_process_ends_with_it(tmp_path, other_process):
    other_process.kill()
    other_process.wait()
    with held(tmp_path, "project"):
        pass


def test_a_hold_ends_with_its_block_also_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), held(tmp_path, "run"):
        raise ZeroDivisionError
    with held(tmp_path, "run"):
        pass
    assert not (tmp_path / "holder").exists()
