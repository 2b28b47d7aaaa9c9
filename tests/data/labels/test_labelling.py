"""Each image gets the class that the rule says, all at once or not at all."""

from pathlib import Path

import openpyxl
import pydicom
import pytest

from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError, LabelError
from meddistill_gui.core.run_folder import create_run
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.division.splitting import split
from meddistill_gui.data.labels.labelling import LabelReport, label, preview_labels
from tests.data.conftest import IMAGES


@pytest.fixture
def scanned(hospital: Path, catalogue: Catalogue, scan_folder) -> Catalogue:
    scan_folder(hospital)
    return catalogue


def _label(catalogue: Catalogue, **options) -> LabelReport:
    return label(LabelConfig(project=catalogue.path.parent, **options), catalogue, Control())


def _classes(catalogue: Catalogue) -> dict[Path, str | None]:
    return {row.path: row.class_name for row in catalogue.images(catalogue.image_ids())}


def test_by_folder(scanned: Catalogue) -> None:
    report = _label(scanned)
    assert report.unlabelled == 0
    assert _classes(scanned) == {path: path.parent.name for path in _classes(scanned)}
    assert report.classes == {count.name: count.images for count in scanned.summary().classes}


def test_by_a_folder_that_all_images_share(scanned: Catalogue) -> None:
    with pytest.raises(LabelError, match="No image got a class"):
        _label(scanned, folder_level=2)


def test_ignored_classes_stay_unlabelled(scanned: Catalogue) -> None:
    report = _label(scanned, ignore=("NORMAL",))
    normal = sum(path.parent.name == "normal" for path in _classes(scanned))
    assert report.ignored == report.unlabelled == normal > 0
    assert "normal" not in report.classes
    with pytest.raises(LabelError, match="one class"):
        _label(scanned, ignore=("normal", "opacity", "ground-glass"))
    assert len(scanned.summary().classes) == 3, "a refused labelling changed the old one"


@pytest.mark.parametrize("kind", ["path", "file name", "stem", "patient", "accession"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_by_table(scanned: Catalogue, tmp_path: Path, kind: str, delimiter: str) -> None:
    expected = {}
    rows = [f"key{delimiter}finding"]
    for path in _classes(scanned):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        number = int(header.PatientID[-6:])
        expected[path] = f"group {number % 2}"
        key = {
            "path": f"{path.parent.name}\\{path.name}",
            "file name": path.name,
            "stem": path.stem,
            "patient": header.PatientID,
            "accession": header.AccessionNumber,
        }[kind]
        rows.append(f"{key}{delimiter}{expected[path]}")
    table = tmp_path / "table.csv"
    table.write_text("\n".join([*rows, f"nobody{delimiter}group 0"]), encoding="utf-8-sig")
    report = _label(scanned, rule="table", table=table, key_column="key", class_column="finding")
    assert _classes(scanned) == expected
    assert report.unmatched_rows == ("nobody",)
    assert sum(report.classes.values()) == IMAGES


@pytest.mark.slow
def test_by_spreadsheet(scanned: Catalogue, tmp_path: Path) -> None:
    expected = {
        path: f"{len(path.name) + number % 3}" for number, path in enumerate(_classes(scanned))
    }
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([None, "file", "finding", None])
    for path, name in expected.items():
        sheet.append(["remark", path.name, float(name), None])  # a column of whole numbers
    sheet.append([None, "nobody", 1, None])
    book.create_sheet("another").append(["file", "finding"])
    book.save(table := tmp_path / "table.xlsx")
    report = _label(scanned, rule="table", table=table, key_column="file", class_column="finding")
    assert _classes(scanned) == expected
    assert report.unmatched_rows == ("nobody",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("path,klass\na,b\n", "no column 'class'"),
        ("path,class\n", "has no rows"),
        ("path,class\nnowhere.dcm,x\n", "None of the 1 rows"),
        ("path,class\n{0},x\n{0},y\n", "contradict"),
    ],
)
def test_a_table_that_does_not_fit(
    scanned: Catalogue, tmp_path: Path, content: str, message: str
) -> None:
    path = next(iter(_classes(scanned)))
    table = tmp_path / "table.csv"
    table.write_text(content.format(f"{path.parent.name}/{path.name}"))
    with pytest.raises(LabelError, match=message):
        _label(scanned, rule="table", table=table)
    assert scanned.summary().unlabelled == IMAGES


def test_a_table_that_is_damaged_or_missing(scanned: Catalogue, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    for content, message in (
        (b"PK\x03\x04\0\0\x81\xff\0", "no spreadsheet"),
        (b"a,b\n\0\x81,\xff\0\n", "no text table"),
        (b"path,class,path\na,b,c\n", "twice"),
    ):
        table.write_bytes(content)
        with pytest.raises(LabelError, match=message):
            _label(scanned, rule="table", table=table)
    with pytest.raises(LabelError, match="cannot be read"):
        _label(scanned, rule="table", table=tmp_path / "missing.csv")


def test_a_file_name_in_two_folders_names_neither(
    scanned: Catalogue, hospital: Path, tmp_path: Path, scan_folder
) -> None:
    path = next(path for path in _classes(scanned) if path.parent.name == "normal")
    (hospital / "opacity" / path.name).write_bytes(path.read_bytes())
    scan_folder(hospital)
    others = [p for p in _classes(scanned) if p.name != path.name]
    table = tmp_path / "table.csv"
    table.write_text(
        f"path,class\n{path.name},a\n" + "".join(f"{p.name},{p.parent.name}\n" for p in others)
    )
    report = _label(scanned, rule="table", table=table)
    assert report.unmatched_rows == (path.name,)
    assert report.unlabelled == 2


def test_by_tag(scanned: Catalogue) -> None:
    report = _label(scanned, rule="tag", tag="Manufacturer")
    expected = {path: pydicom.dcmread(path).Manufacturer for path in _classes(scanned)}
    assert _classes(scanned) == expected
    assert len(report.classes) > 2


def test_a_tag_that_does_not_exist_or_is_empty(scanned: Catalogue) -> None:
    with pytest.raises(LabelError, match="Did you mean StudyDescription"):
        _label(scanned, rule="tag", tag="StudyDescripton")
    with pytest.raises(LabelError, match="No image got a class"):
        _label(scanned, rule="tag", tag="ContrastBolusAgent")
    with pytest.raises(LabelError, match="one class"):
        _label(scanned, rule="tag", tag="Modality")


def test_classes_can_be_renamed_and_merged(scanned: Catalogue) -> None:
    plain = _label(scanned).classes
    report = _label(scanned, rename=("Opacity=ill", "ground-glass = ill", "normal=well=being"))
    assert report.classes["ill"] == plain["opacity"] + plain["ground-glass"]
    assert set(report.classes) == {"ill", "interstitial", "normal"}, (
        "the last = divides old and new"
    )
    report = _label(scanned, rename=("normal=fine",), ignore=("fine",))
    assert report.ignored == plain["normal"], "a class is left out by its new name"


@pytest.mark.parametrize("pair", ["normal", "=x", "normal="])
def test_a_rename_without_both_names_is_refused(pair: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be old=new"):
        validate(LabelConfig(project=tmp_path, rename=(pair,)))


def test_personal_class_names_are_questioned(scanned: Catalogue, tmp_path: Path) -> None:
    rows = scanned.images(scanned.image_ids())
    table = tmp_path / "table.csv"
    table.write_text("key,class\n" + "".join(f"{r.patient},about {r.patient}\n" for r in rows))
    report = _label(scanned, rule="table", table=table, key_column="key")
    assert len(report.questions) == len({row.patient for row in rows})
    assert "identity of a patient" in report.questions[0]
    assert _label(scanned).questions == ()


def test_a_preview_shows_both_sides_and_changes_nothing(scanned: Catalogue, tmp_path: Path) -> None:
    paths = [f"{p.parent.name}/{p.name}" for p in _classes(scanned)]
    table = tmp_path / "table.csv"
    known = [f"{path},{path.split('/')[0]}\n" for path in paths[5:]]
    table.write_text("path,class\n" + "".join(known) + "".join(f"gone{i},x\n" for i in range(30)))
    preview = preview_labels(
        LabelConfig(project=scanned.path.parent, rule="table", table=table), scanned, Control()
    )
    assert preview.unmatched_images == tuple(paths[:5])
    assert preview.unmatched_rows == tuple(f"gone{i}" for i in range(20))
    assert preview.unlabelled == 5
    assert sum(preview.classes.values()) == IMAGES - 5
    assert len(preview.rows) <= 20
    assert {name for _, name in preview.rows} == {None, *preview.classes}
    assert all(name in {None, path.split("/")[0]} for path, name in preview.rows)
    assert scanned.summary().unlabelled == IMAGES


def test_new_classes_drop_an_unused_split_and_spare_a_used_one(scanned: Catalogue) -> None:
    project = scanned.path.parent
    _label(scanned)
    split(SplitConfig(project=project), scanned)
    assert _label(scanned).split_dropped is False
    assert scanned.has_split, "the same labels again dropped the split"
    assert _label(scanned, ignore=("opacity",)).split_dropped is True
    assert not scanned.has_split
    split(SplitConfig(project=project), scanned)
    create_run(DistillConfig(project=project, name="used"))
    with pytest.raises(LabelError, match="in use"):
        _label(scanned)
    assert len(scanned.summary().classes) == 3
