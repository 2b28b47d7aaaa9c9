"""What each door loads, seen in fresh interpreters; import-linter checks the same on the source."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
PACKAGE = Path(__file__).resolve().parents[2] / "meddistill_gui"


def dotted(*rooms: str) -> list[str]:
    return sorted(
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for room in rooms
        for path in (PACKAGE / room).rglob("*.py")
    )


def loaded(
    names: list[str], *, blocked: str = "", forbidden: str = ""
) -> subprocess.CompletedProcess:
    code = (
        "import importlib, sys\n"
        f"for name in {blocked.split()!r}: sys.modules[name] = None\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"assert not set({forbidden.split()!r}) & set(sys.modules), sorted(sys.modules)\n"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_the_window_loads_no_torch():
    done = loaded(dotted("gui"), forbidden="torch torchvision pydicom")
    assert done.returncode == 0, done.stderr


def test_everything_else_runs_without_qt():
    rooms = [
        folder.name
        for folder in PACKAGE.iterdir()
        if folder.is_dir() and folder.name not in {"gui", "_resources", "__pycache__"}
    ]
    done = loaded(dotted(*rooms), blocked="PySide6 shiboken6 pyqtgraph")
    assert done.returncode == 0, done.stderr


def test_core_and_bundle_and_data_run_without_torch():
    done = loaded(dotted("core", "bundle", "data"), blocked="torch torchvision PySide6")
    assert done.returncode == 0, done.stderr


def test_the_catalogue_is_read_without_pydicom():
    done = loaded(["meddistill_gui.data.catalogue"], forbidden="pydicom torch PIL")
    assert done.returncode == 0, done.stderr


def test_the_package_itself_loads_nothing():
    done = loaded(["meddistill_gui"], forbidden="numpy meddistill_gui.core")
    assert done.returncode == 0, done.stderr
