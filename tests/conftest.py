"""Every test: no screen, no settings of this user, no threads of another's numeric libraries."""

import os
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

if sys.platform.startswith("linux"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# the stand-alone build leaves triton out, so tests do without it too (its teardown also prints after pytest's last line)
sys.modules.setdefault("triton", None)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def own_user_folders(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory):
    """Settings, logs and data of each test lie in a folder of its own (also those of its child processes)."""
    home = tmp_path_factory.mktemp("user")
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(home / name))
    monkeypatch.setenv("LOCALAPPDATA", str(home))
    return home


@pytest.fixture(scope="session")
def cxr3() -> Path:
    """The shared radiographs, which lie beside the checkout."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data" / "cxr3"
    if not folder.is_dir():
        pytest.skip("the shared radiographs are not beside this checkout")
    return folder


@pytest.fixture
def fake_operations(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Iterator]], None]:
    """Lets every operation do `work(name, config, control)`; torch and the real operations stay out."""
    import meddistill_gui.jobs

    catalog = types.ModuleType("meddistill_gui.operations.catalog")
    operations = types.ModuleType("meddistill_gui.operations")
    operations.catalog = catalog
    monkeypatch.setitem(sys.modules, operations.__name__, operations)
    monkeypatch.setitem(sys.modules, catalog.__name__, catalog)
    # set to anything before it is taken away, so that what an import puts there is undone afterwards as well
    name = "meddistill_gui.jobs.in_process"
    monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(meddistill_gui.jobs, "in_process", None, raising=False)
    monkeypatch.delattr(meddistill_gui.jobs, "in_process")

    def use(work: Callable[..., Iterator]) -> None:
        catalog.run = work

    return use
