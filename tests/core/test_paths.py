import sys

import pytest

from meddistill_gui.core import paths


def test_resources_are_found_in_the_checkout():
    assert paths.resources().is_dir()


def test_a_frozen_build_and_an_override_come_first(monkeypatch, tmp_path):
    frozen = tmp_path / "frozen"
    (frozen / "resources").mkdir(parents=True)
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("MEDDISTILL_RESOURCES", str(other))
    assert paths.resources() == other
    monkeypatch.setattr(sys, "_MEIPASS", str(frozen), raising=False)
    assert paths.resources() == frozen / "resources"


@pytest.mark.parametrize("folder", [paths.user_config, paths.user_logs, paths.user_data])
def test_a_user_s_folders_exist_and_are_the_user_s(folder, own_user_folders):
    assert folder().is_dir()
    assert folder().is_relative_to(own_user_folders)
