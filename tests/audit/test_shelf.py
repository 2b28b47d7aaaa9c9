import numpy as np
import pytest

from meddistill_gui.audit.shelf import Shelf
from meddistill_gui.core.errors import TargetError


def test_what_was_put_is_there_again(tmp_path):
    Shelf(tmp_path / "a", "key").put("some name", {"x": np.arange(3), "y": np.array([np.nan, 1.0])})
    kept = Shelf(tmp_path / "a", "key").get("some name")
    assert kept["x"].tolist() == [0, 1, 2]
    assert np.isnan(kept["y"][0])


def test_another_audit_finds_nothing(tmp_path):
    Shelf(tmp_path / "a", "key").put("x", {"x": np.arange(3)})
    other = Shelf(tmp_path / "a", "another")
    assert other.get("x") is None
    other.clear()
    assert not (tmp_path / "a").exists()


def test_what_was_offered_is_written_on_a_stop(tmp_path):
    shelf = Shelf(tmp_path / "a", "key")
    state = np.zeros(2)
    shelf.offer("x", lambda: {"x": state})
    assert shelf.get("x") is None
    state += 7
    shelf.flush()
    assert shelf.get("x")["x"].tolist() == [7, 7]


def test_it_is_written_now_and_then(tmp_path, monkeypatch):
    shelf = Shelf(tmp_path / "a", "key")
    monkeypatch.setattr("meddistill_gui.audit.shelf._SECONDS", -1.0)
    shelf.offer("x", lambda: {"x": np.ones(1)})
    assert shelf.get("x") is not None


def test_a_damaged_entry_is_worked_out_again(tmp_path):
    shelf = Shelf(tmp_path / "a", "key")
    shelf.put("x", {"x": np.arange(3)})
    path = tmp_path / "a" / "x.safetensors"
    path.write_bytes(path.read_bytes()[:20])
    assert shelf.get("x") is None


def test_a_place_that_is_no_folder_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(TargetError):
        Shelf(tmp_path / "file" / "a", "key")
