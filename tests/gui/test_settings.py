from pathlib import Path

from meddistill_gui.gui import settings
from meddistill_gui.gui.settings import RECENT_COUNT, Settings


def test_what_was_saved_is_loaded(tmp_path):
    path = tmp_path / "window.toml"
    chosen = Settings(scheme="dark", text_percent=150, width=1000).with_recent(tmp_path / "é x")
    settings.save(path, chosen)
    assert settings.load(path) == chosen


def test_missing_and_damaged_settings_are_the_defaults(tmp_path):
    path = tmp_path / "window.toml"
    assert settings.load(path) == Settings()
    for damaged in (b"\xff\xfe", b"scheme = 3", b"text_percent = 1000000", b"[", b"unknown = 1"):
        path.write_bytes(damaged)
        assert settings.load(path) == Settings()


def test_a_place_that_cannot_be_written_to_stops_nobody(tmp_path):
    settings.save(tmp_path / "missing" / "window.toml", Settings())


def test_recent_projects_are_newest_first_without_doubles_and_few():
    made = Settings()
    for number in [*range(15), 3]:
        made = made.with_recent(Path(f"/p{number}"))
    assert made.recent[0] == str(Path("/p3"))
    assert len(made.recent) == RECENT_COUNT == len(set(made.recent))
