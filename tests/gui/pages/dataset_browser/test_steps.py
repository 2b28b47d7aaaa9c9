from dataclasses import dataclass

from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.gui.pages.dataset_browser.steps import (
    Step,
    is_divided,
    next_step,
    proposed_project,
)


@dataclass(frozen=True)
class Holdings:
    has_images: bool = True
    has_classes: bool = True
    has_split: bool = True


def test_the_next_step_is_the_first_that_is_missing():
    assert next_step(None) is Step.OPEN
    assert next_step(Holdings(has_images=False)) is Step.OPEN
    assert next_step(Holdings(has_classes=False, has_split=False)) is Step.CLASSES
    assert next_step(Holdings(has_split=False)) is Step.SPLIT
    assert next_step(Holdings()) is Step.DISTIL


def test_a_folder_that_was_scanned_before_goes_into_the_same_project(source, start_data, tmp_path):
    first = proposed_project(source, tmp_path)
    assert first == tmp_path / source.name
    list(start_data("scan", ScanConfig(source=source, project=first)).events())
    assert proposed_project(source, tmp_path) == first


def test_another_folder_of_the_same_name_gets_a_project_of_its_own(source, tmp_path):
    (tmp_path / source.name).mkdir()
    assert proposed_project(source, tmp_path) == tmp_path / f"{source.name}-2"


def test_a_division_by_folders_is_seen(tmp_path):
    assert not is_divided(tmp_path)
    (tmp_path / "Train").mkdir()
    (tmp_path / "test").mkdir()
    assert is_divided(tmp_path)
    assert not is_divided(tmp_path / "gone")
