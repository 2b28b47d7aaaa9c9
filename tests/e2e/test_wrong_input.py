"""Every wrong input that a user may bring to the command line: exit code 2, a sentence, a remedy, and nothing lost."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from PIL import Image

from meddistill_gui.cli.main import main
from tests.e2e.world import World, explained, kept, refused
from tests.operations.small_hospital import write_source
from tests.own_mounts import in_own_mounts

pytestmark = pytest.mark.slow
PATTERN = r"([a-z]+\d+)_\d\.png$"


def folder_of(world: World, damage, count: int = 3) -> Path:
    """A source folder with nothing but damaged DICOM files."""
    world.new.mkdir()
    for number in range(count):
        file = world.new / f"{number}.dcm"
        shutil.copy(world.dicom, file)
        damage(file)
    return world.new


def without_pixels(file: Path) -> None:
    dataset = pydicom.dcmread(file)
    del dataset.PixelData
    dataset.save_as(file)


def cut_in_the_name(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: content.index(b"\x10\x00\x10\x00PN") + 10])


def without_syntax(file: Path) -> None:
    content = file.read_bytes()
    at = content.index(b"\x02\x00\x10\x00UI")
    length = int.from_bytes(content[at + 6 : at + 8], "little")
    file.write_bytes(content[:at] + content[at + 8 + length :])


DAMAGES = {
    "a text named .dcm": (lambda f: f.write_text("Dear colleague"), "not an image"),
    "cut off in the pixels": (lambda f: f.write_bytes(f.read_bytes()[:-1000]), "truncated"),
    "cut off in the header": (cut_in_the_name, "truncated"),
    "no PixelData": (without_pixels, "no pixel data"),
    "no TransferSyntaxUID": (without_syntax, "no transfer syntax"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_folder_with_nothing_to_read(world, name, capsys):
    damage, _ = DAMAGES[name]
    words = ["scan", folder_of(world, damage), "--project", world.root / "other"]
    said = refused(words, capsys)
    assert "None of the 3 files" in said
    assert "0.dcm" in said


@pytest.mark.parametrize("name", DAMAGES)
def test_one_bad_file_never_stops_a_scan(world, name, capsys):
    damage, cause = DAMAGES[name]
    bad = world.source / "dots" / "bad.dcm"
    shutil.copy(world.dicom, bad)
    damage(bad)
    words = ["scan", world.source, "--project", world.root / "other"]
    assert main([*map(str, words)]) == 0
    assert "bad.dcm" in capsys.readouterr().err
    assert main([*map(str, words), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["images"] == 120
    assert result["issues"] == {cause: 1}


def _empty(world: World) -> list[object]:
    world.new.mkdir()
    return ["scan", world.new, "--project", world.root / "other"]


def _one_class(world: World) -> list[object]:
    merged = [f"{name}=same" for name in ("dots", "stripes", "waves")]
    return ["label", "--project", world.project, "--rename", *merged]


def _unlabelled(world: World) -> list[object]:
    other = world.root / "other"
    main(["scan", str(world.source), "--project", str(other)])
    return ["split", "--project", other]


def _undivided(world: World) -> list[object]:
    other = world.root / "other"
    main(["scan", str(world.source), "--project", str(other)])
    main(["label", "--project", str(other)])
    return ["distill", "--project", other, "--name", "first"]


def _few_patients(world: World) -> list[object]:
    source, other = write_source(world.new, patients=2), world.root / "other"
    main(["scan", str(source), "--project", str(other), "--patient-pattern", PATTERN])
    main(["label", "--project", str(other)])
    return ["split", "--project", other]


def _table_of_others(world: World) -> list[object]:
    table = world.root / "table.csv"
    table.write_text("path,class\nother.png,dots\n")
    return ["label", "--project", world.project, "--rule", "table", "--table", table]


def _flipped(world: World) -> list[object]:
    content = bytearray(world.bundle.read_bytes())
    content[len(content) // 2] ^= 0b100
    world.bundle.write_bytes(content)
    return ["verify", world.bundle]


def _flipped_receive(world: World) -> list[object]:
    return ["receive", *_flipped(world)[1:], "--out", world.new]


def _file_as_target(world: World) -> list[object]:
    return ["receive", world.bundle, "--out", world.bundle]


def _other_content(world: World) -> list[object]:
    (world.root / "small.distilled.zip").write_text("Something else")
    return ["export", world.run, "--to", world.root]


CASES = {
    "an empty folder": (_empty, "There is no file in"),
    "a folder that is not there": (
        lambda w: ["scan", w.new, "--project", w.root / "other"],
        "no folder that can be opened",
    ),
    "the project inside the source": (
        lambda w: ["scan", w.source, "--project", w.source / "project"],
        "only read",
    ),
    "something else as project": (
        lambda w: ["scan", w.source, "--project", w.run],
        "no MedDistill project",
    ),
    "no project": (lambda w: ["label", "--project", w.new], "no MedDistill project"),
    "another source": (
        lambda w: ["scan", write_source(w.new, patients=1), "--project", w.project],
        "was made from",
    ),
    "one class only": (_one_class, "All images are of one class"),
    "unlabelled images": (_unlabelled, "No image has a class"),
    "undivided patients": (_undivided, "not divided"),
    "fewer patients than the split needs": (_few_patients, "needs at least 4 patients"),
    "a table of other images": (_table_of_others, "table"),
    "other classes for a finished run": (
        lambda w: ["label", "--project", w.project, "--ignore", "dots"],
        "in use by 1 runs",
    ),
    "another split for a finished run": (
        lambda w: ["split", "--project", w.project, "--seed", "7"],
        "in use by 1 runs",
    ),
    "another config for a finished run": (
        lambda w: ["distill", "--project", w.project, "--name", "small"],
        "exists already",
    ),
    "a run that is not there": (lambda w: ["audit", w.new], "is no run folder"),
    "a decision about an image that is not there": (
        lambda w: [
            *["review", w.run, "--image", "9", "--decision", "leak"],
            *["--reviewer", "R", "--reason", "I see a face"],
        ],
        "the set has 3 images",
    ),
    "nothing to resume": (lambda w: ["distill", "--resume", w.new], "is no run folder"),
    "a resumed run with other options": (
        lambda w: ["distill", "--resume", w.run, "--iterations", "9"],
        "cannot be changed",
    ),
    "a target that is not there": (lambda w: ["export", w.run, "--to", w.new], "is not there"),
    "a target that holds another file": (_other_content, "is there already"),
    "a file as target": (_file_as_target, "is a file, and no folder"),
    "a demo into a full folder": (lambda w: ["demo", "--out", w.project], "is not empty"),
    "a bundle that is not there": (lambda w: ["verify", w.new], "new"),
    "something else as bundle": (lambda w: ["verify", w.dicom], "bundle"),
    "a flipped bit": (_flipped, "was changed on the way"),
    "a flipped bit at the receiver": (_flipped_receive, "was changed on the way"),
}


@pytest.mark.parametrize("name", CASES)
def test_wrong_input_costs_nothing(world, name, capsys):
    prepare, sentence = CASES[name]
    words = prepare(world)
    capsys.readouterr()
    before = kept(world)
    assert sentence in refused(words, capsys)
    after = kept(world)
    assert {place: after.get(place) for place in before} == before


def test_mixed_sizes_and_channels_are_no_fault(world, capsys):
    source, project = write_source(world.new, patients=10, sides=(24, 40)), world.root / "other"
    for number, file in enumerate(sorted(source.rglob("*.png"))):
        if number % 3 == 0:
            Image.open(file).convert("RGB").save(file)
    words = ["scan", source, "--project", project, "--patient-pattern", PATTERN]
    assert main([*map(str, words)]) == 0
    assert main(["label", "--project", str(project)]) == 0
    assert main(["split", "--project", str(project)]) == 0
    small = (
        "--images-size 16 --network-depth 2 --network-width 8 --experts-count 1 --experts-epochs 6"
    )
    code = main(["experts", "--project", str(project), "--name", "x", *small.split()])
    assert code == 0, capsys.readouterr().err
    assert ".png" not in capsys.readouterr().err


HOLDER = """
import pathlib, sys
from meddistill_gui.core.project import held
with held(pathlib.Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    input()
"""


@pytest.mark.parametrize("what", ["project", "run"])
def test_a_second_program_on_the_same_folder(world, what, capsys):
    folder = {"project": world.project, "run": world.run}[what]
    words = {
        "project": ["label", "--project", world.project],
        "run": ["distill", "--resume", world.run],
    }[what]
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, folder, what],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "held\n"
        before = kept(world)
        said = refused(words, capsys)
        assert kept(world) == before
        other.communicate("\n")
    assert f"process {other.pid}" in said
    assert main([*map(str, words)]) == 0


# "$1" becomes a disk of its own that holds a copy of "$2"; the rest is the program's command line
ON_A_DISK = """
disk="$1"; world="$2"; how="$3"; shift 3
mkdir "$disk"; mount -t tmpfs -o size=64m none "$disk"; cp -r "$world/." "$disk"
case "$how" in
  "write-protected") mount -o remount,ro "$disk" ;;
  full) dd if=/dev/zero of="$disk/filler" bs=4k >/dev/null 2>&1 || true ;;
esac
code=0; "$@" 2>&1 || code=$?
echo "$code"
"""
TARGETS = {
    "scan": lambda w, disk: ["scan", w.source, "--project", disk / "other"],
    "scan again": lambda w, disk: ["scan", w.source, "--project", disk / "project"],
    "label": lambda w, disk: ["label", "--project", disk / "project", "--ignore", "dots"],
    "distill": lambda w, disk: ["distill", "--resume", disk / "project" / "runs" / "small"],
    "evaluate": lambda w, disk: ["evaluate", disk / "project" / "runs" / "small"],
    "export": lambda w, disk: ["export", w.run, "--to", disk],
    "receive": lambda w, disk: ["receive", w.bundle, "--out", disk / "received"],
    "demo": lambda w, disk: ["demo", "--out", disk / "demo"],
}


@pytest.mark.parametrize("how", ["write-protected", "full"])
@pytest.mark.parametrize("name", TARGETS)
def test_a_disk_that_takes_nothing(world, tmp_path, name, how):
    disk = tmp_path / "disk"
    words = TARGETS[name](world, disk)
    before = kept(world)
    program = [sys.executable, "-m", "meddistill_gui", *words]
    said = in_own_mounts(ON_A_DISK, disk, world.root, how, *program)
    text, _, code = said.strip().rpartition("\n")
    assert code == "2", said
    explained(text)
    assert kept(world) == before
