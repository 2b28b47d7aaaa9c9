"""What a person sets stays: over another rule, over a scan of touched files, over the end of the program; and can be taken back."""

import os
import shutil
from pathlib import Path

import pytest

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import LabelError
from meddistill_gui.core.run_folder import create_run
from meddistill_gui.data.catalogue import Catalogue, open_catalogue
from meddistill_gui.data.division.splitting import split
from meddistill_gui.data.labels.hand_labels import redo, set_classes, steps, undo
from meddistill_gui.data.labels.labelling import label, preview_labels
from meddistill_gui.data.labels.layers import labels_by_path, source_classes
from meddistill_gui.data.scanning import scan


def _classes(catalogue: Catalogue) -> dict[Path, str | None]:
    return {row.path: row.class_name for row in catalogue.images(catalogue.image_ids())}


def _config(catalogue: Catalogue, **options) -> LabelConfig:
    return LabelConfig(project=catalogue.path.parent, **options)


def _chosen(catalogue: Catalogue, class_name: str = "opacity", count: int = 3) -> list[int]:
    rows = catalogue.images(catalogue.image_ids())
    return [row.id for row in rows if row.class_name == class_name][:count]


def test_set_take_back_and_do_again(labelled: Catalogue) -> None:
    before = _classes(labelled)
    chosen = _chosen(labelled)
    report = set_classes(labelled, chosen, "  pleural   effusion ")
    assert (report.images, report.class_name) == (3, "pleural effusion")
    once = _classes(labelled)
    assert sum(name == "pleural effusion" for name in once.values()) == 3
    set_classes(labelled, chosen[:1], None)
    twice = _classes(labelled)
    assert list(twice.values()).count(None) == 1
    assert steps(labelled) == (2, 0)
    assert undo(labelled) is not None
    assert _classes(labelled) == once
    assert undo(labelled) is not None
    assert _classes(labelled) == before
    assert "pleural effusion" not in {c.name for c in labelled.summary().classes}
    assert undo(labelled) is None
    assert redo(labelled) is not None
    assert redo(labelled) is not None
    assert redo(labelled) is None
    assert _classes(labelled) == twice


def test_a_new_setting_ends_what_could_be_done_again(labelled: Catalogue) -> None:
    set_classes(labelled, _chosen(labelled), "one")
    undo(labelled)
    set_classes(labelled, _chosen(labelled), "two")
    assert redo(labelled) is None
    assert steps(labelled) == (1, 0)


def test_it_outlives_the_program_another_rule_and_a_scan(
    hospital: Path, labelled: Catalogue, scan_folder
) -> None:
    chosen = _chosen(labelled, count=4)
    paths = [row.path for row in labelled.images(chosen)]
    set_classes(labelled, chosen, "mine")
    with open_catalogue(labelled.path) as other:
        assert steps(other) == (1, 0)
    label(_config(labelled, ignore=("normal",)), labelled, Control())
    assert all(_classes(labelled)[path] == "mine" for path in paths)
    os.utime(paths[0], ns=(1, 1))  # touched: read anew, under another id
    shutil.copy(paths[3], kept := paths[3].with_name("kept"))
    paths[3].unlink()
    scan_folder(hospital)
    kept.rename(paths[3])
    scan_folder(hospital)
    assert all(_classes(labelled)[path] == "mine" for path in paths)
    undo(labelled)
    assert "mine" not in _classes(labelled).values()


def test_another_picture_under_the_same_name_does_not_inherit_it(
    hospital: Path, labelled: Catalogue, scan_folder
) -> None:
    first, second = (row.path for row in labelled.images(_chosen(labelled, count=2)))
    set_classes(labelled, _chosen(labelled, count=1), "mine")
    shutil.copy(second, first)
    os.utime(first, ns=(1, 1))
    scan_folder(hospital)
    assert _classes(labelled)[first] is None


def test_forgetting_is_an_option(labelled: Catalogue) -> None:
    before = _classes(labelled)
    set_classes(labelled, _chosen(labelled), "mine")
    report = label(_config(labelled), labelled, Control())
    assert report.by_hand == 3
    assert preview_labels(_config(labelled), labelled, Control()).classes["mine"] == 3
    label(_config(labelled, forget_hand=True), labelled, Control())
    assert _classes(labelled) == before
    assert steps(labelled) == (0, 0)


def test_classes_are_renamed_merged_and_left_out_and_come_back(labelled: Catalogue) -> None:
    before = _classes(labelled)
    set_classes(labelled, _chosen(labelled), "haze")
    merge = _config(labelled, rule="keep", rename=("haze=opacity",), ignore=("normal",))
    label(merge, labelled, Control())
    after = {"opacity", *set(before.values())} - {"normal"}
    assert {c.name for c in labelled.summary().classes} == after
    becomes = {c.name: c.becomes for c in source_classes(labelled)}
    assert becomes == {**dict(zip(after, after, strict=True)), "haze": "opacity", "normal": ""}
    label(_config(labelled, rule="keep"), labelled, Control())
    undo(labelled)
    assert _classes(labelled) == before


def test_exchanged_names_and_a_hand_that_means_what_it_sees(labelled: Catalogue) -> None:
    swapped = _config(labelled, rule="keep", rename=("opacity=normal", "normal=opacity"))
    label(swapped, labelled, Control())
    chosen = _chosen(labelled, "opacity")
    set_classes(labelled, chosen, "normal")
    assert {row.class_name for row in labelled.images(chosen)} == {"normal"}
    gone = _config(labelled, rule="keep", rename=("opacity=haze",), ignore=("normal",))
    label(gone, labelled, Control())
    with pytest.raises(LabelError, match="renamed to 'haze'"):
        set_classes(labelled, chosen, "opacity")
    with pytest.raises(LabelError, match="left out"):
        set_classes(labelled, chosen, "normal")


def test_names_of_persons_are_questioned_and_impossible_ones_refused(labelled: Catalogue) -> None:
    chosen = _chosen(labelled)
    assert set_classes(labelled, chosen, "Mueller, Anna").questions
    assert not set_classes(labelled, chosen, "opacity").questions
    for name in ("", "  ", "x" * 81, "bell\a"):
        with pytest.raises(LabelError, match="name of a class"):
            set_classes(labelled, chosen, name)
    with pytest.raises(LabelError, match="No image"):
        set_classes(labelled, [], "opacity")


def test_an_unused_split_goes_and_a_used_one_stays(labelled: Catalogue) -> None:
    project = labelled.path.parent
    split(SplitConfig(project=project), labelled)
    assert set_classes(labelled, _chosen(labelled, count=1), "normal").split_dropped
    assert not labelled.has_split
    split(SplitConfig(project=project), labelled)
    create_run(DistillConfig(project=project, name="used"))
    before = labelled.summary()
    for change in (
        lambda: set_classes(labelled, _chosen(labelled), "normal"),
        lambda: undo(labelled),
    ):
        with pytest.raises(LabelError, match="in use by 1 runs"):
            change()
    assert labelled.summary() == before
    assert steps(labelled) == (1, 0)


def test_the_classes_written_down_label_another_project(
    hospital: Path, labelled: Catalogue, tmp_path: Path
) -> None:
    set_classes(labelled, _chosen(labelled), "mine")
    table = tmp_path / "classes.csv"
    lines = [f"{path},{name}" for path, name in labels_by_path(labelled)]
    table.write_text("\n".join(["path,class", *lines]))
    project = tmp_path / "another"
    project.mkdir()
    with open_catalogue(project / "catalogue.sqlite") as other:
        for _ in scan(ScanConfig(source=hospital, project=project), other, Control()):
            pass
        label(LabelConfig(project=project, rule="table", table=table), other, Control())
        assert _classes(other) == _classes(labelled)
