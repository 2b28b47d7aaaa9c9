import json
import os
import signal
import subprocess
import sys

import pytest

from meddistill_gui.cli.main import main
from meddistill_gui.core.errors import DivergedError, SourceError, Stopped
from meddistill_gui.core.events import Finished, Progress, Started, Warned


@pytest.fixture
def line(tmp_path):
    return ["scan", str(tmp_path / "images"), "--project", str(tmp_path / "p")]


def finishing(name, config, _control):
    yield Started(operation=name)
    yield Progress(phase="scanning", done=3, total=3, unit="files")
    yield Warned(code="odd", message="One file is odd.", remedy="Look at it.")
    yield Finished(summary={"text": "3 images.", "images": 3, "source": str(config.source)})


def test_a_person_sees_a_sentence(fake_operations, line, capsys):
    fake_operations(finishing)
    assert main(line) == 0
    out, err = capsys.readouterr()
    assert "3 images." in out
    assert "scanning: 3 of 3 files" in err
    assert "One file is odd. Look at it." in err


def test_json_is_one_object_and_nothing_else(fake_operations, line, capsys):
    fake_operations(finishing)
    assert main([*line, "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["images"] == 3
    assert err == ""


def test_json_has_null_where_a_figure_is_undefined(fake_operations, line, capsys):
    def undefined(name, _config, _control):
        yield Started(operation=name)
        yield Finished(summary={"auroc": {"values": [float("nan"), 0.5]}, "loss": float("inf")})

    fake_operations(undefined)
    main([*line, "--json"])
    assert capsys.readouterr().out == '{"auroc": {"values": [null, 0.5]}, "loss": null}\n'


def test_event_lines_go_to_stdout_or_beside_json_to_stderr(fake_operations, line, capsys):
    fake_operations(finishing)
    main([*line, "--events", "jsonl"])
    out, err = capsys.readouterr()
    assert [json.loads(one)["event"] for one in out.splitlines()] == [
        "started",
        "progress",
        "warned",
        "finished",
    ]
    assert err == ""
    main([*line, "--events", "jsonl", "--json"])
    out, err = capsys.readouterr()
    assert json.loads(out)["text"] == "3 images."
    assert len(err.splitlines()) == 4


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SourceError("The folder is empty.", "Choose another one."), 2),
        (DivergedError("It diverged.", "Lower the rate."), 1),
        (Stopped("Stopped as you asked.", "What was done is kept."), 130),
        (ValueError("oops"), 1),
    ],
)
def test_an_error_is_a_sentence_a_remedy_and_an_exit_code(
    fake_operations, line, capsys, error, code
):
    def failing(name, _config, _control):
        yield Started(operation=name)
        raise error

    fake_operations(failing)
    assert main(line) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert str(error.args[0]) in err
    assert "Traceback" not in err


def test_a_mistake_of_ours_leaves_its_traceback_in_the_log(fake_operations, line, own_user_folders):
    def failing(name, _config, _control):
        yield Started(operation=name)
        raise ValueError("oops")

    fake_operations(failing)
    main(line)
    (log,) = own_user_folders.rglob("meddistill.log")
    assert "ValueError: oops" in log.read_text()


def test_a_home_that_cannot_be_written_to_keeps_nobody_from_working(
    fake_operations, line, capsys, monkeypatch, tmp_path
):
    (tmp_path / "file").touch()
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "file"))
    fake_operations(finishing)
    assert main(line) == 0
    assert "3 images." in capsys.readouterr().out


def test_ctrl_c_once_stops_where_nothing_is_lost(fake_operations, line, capsys):
    saved = []

    def working(name, _config, control):
        yield Started(operation=name)
        signal.raise_signal(signal.SIGINT)
        saved.append("everything")
        control.safe_point()

    fake_operations(working)
    assert main(line) == 130
    assert saved == ["everything"]
    assert "Ctrl-C again" in capsys.readouterr().err


def test_ctrl_c_twice_stops_at_once(fake_operations, line):
    cleaned = []

    def working(name, _config, _control):
        yield Started(operation=name)
        try:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            pytest.fail("went on")
        finally:
            cleaned.append("temporary files")

    before = signal.getsignal(signal.SIGINT)
    fake_operations(working)
    assert main(line) == 130
    assert cleaned == ["temporary files"]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_broken_installation_is_a_sentence(monkeypatch, line, capsys):
    monkeypatch.setitem(sys.modules, "meddistill_gui.jobs.in_process", None)
    monkeypatch.delattr("meddistill_gui.jobs.in_process", raising=False)
    assert main(line) == 1
    assert "Install MedDistill again." in capsys.readouterr().err


def test_wrong_input_starts_nothing(capsys):
    assert main(["distill", "--project", "p", "--iterations", "0"]) == 2
    assert "iterations is 0" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["distill", "--help"]])
def test_help_loads_neither_torch_nor_qt_nor_the_operations(words):
    code = (
        "import sys\n"
        "from meddistill_gui.__main__ import main\n"
        f"try: main({words!r})\n"
        "except SystemExit as leaving: assert leaving.code == 0\n"
        "heavy = {'torch', 'PySide6', 'pydicom', 'meddistill_gui.operations'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="closed pipes differ elsewhere")
def test_a_reader_that_leaves_is_no_traceback():
    code = (
        "import sys, types\n"
        "from meddistill_gui.core.events import Finished, Warned\n"
        "def run(*_):\n"
        "    for _ in range(100_000): yield Warned(code='x', message='x' * 80)\n"
        "    yield Finished()\n"
        "catalog = types.ModuleType('c'); catalog.run = run\n"
        "operations = types.ModuleType('o'); operations.catalog = catalog\n"
        "sys.modules['meddistill_gui.operations'] = operations\n"
        "from meddistill_gui.__main__ import main\n"
        "sys.exit(main(['scan', 'x', '--project', 'y', '--events', 'jsonl']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        child.stdout.close()
        said = child.stderr.read().decode()
    assert child.returncode == 1
    assert said == ""
