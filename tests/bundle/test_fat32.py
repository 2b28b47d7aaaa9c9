"""A real FAT32 stick: an image made by mkfs.vfat, mounted by the kernel or by fusefat; skipped where neither is possible."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meddistill_gui.bundle import delivery, drives
from meddistill_gui.bundle.format import EXTENSION
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import TargetError
from tests.own_mounts import in_own_mounts

pytestmark = pytest.mark.slow
MKFS = shutil.which("mkfs.vfat", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
FUSEFAT, FUSERMOUNT = shutil.which("fusefat"), shutil.which("fusermount")
CONTENT = bytes(range(256)) * 4096 * 3 + b"and an odd end"
ON_THE_STICK = """
import os, pathlib, sys
from meddistill_gui.bundle import delivery, drives
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import TargetError
stick, size = pathlib.Path(sys.argv[1]), int(sys.argv[2])
content = bytes(range(251)) * (size // 251)
print(drives.mount_of(stick).file_system)
try:
    for _ in delivery.deliver(content, stick, "Röntgen set 1", Control()): pass
    print(next(stick.glob("*.zip")).read_bytes() == content)
except TargetError as error:
    print(error)
print(sorted(os.listdir(stick)))
"""


def image(folder: Path, megabytes: int) -> Path:
    if MKFS is None:
        pytest.skip("mkfs.vfat (dosfstools) is not installed")
    path = folder / "stick.img"
    with path.open("wb") as stream:
        stream.truncate(megabytes * 2**20)
    subprocess.run([MKFS, "-F", "32", "-n", "STICK", path], check=True, capture_output=True)
    return path


@pytest.mark.parametrize(("size", "sentence"), [(3_000_000, "True"), (60_000_000, "MiB free; the bundle needs")])  # fmt: skip
def test_mounted_by_the_kernel(tmp_path, size, sentence):
    stick = tmp_path / "stick"
    stick.mkdir()
    script = (
        'mount -o loop "$2" "$1" 2>/dev/null || { echo cannot; exit 0; }; "$3" -c "$4" "$1" "$5"'
    )
    said = in_own_mounts(script, stick, image(tmp_path, 40), sys.executable, ON_THE_STICK, size)
    if said.startswith("cannot"):
        pytest.skip("this kernel mounts no FAT images here")
    assert said.startswith("vfat")
    assert sentence in said


@pytest.fixture
def stick(tmp_path):
    """A FAT32 stick of 40 MB, and the process that serves it."""
    if FUSEFAT is None or FUSERMOUNT is None or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("fusefat is not installed, or FUSE is not allowed here")
    place = tmp_path / "stick"
    place.mkdir()
    server = subprocess.Popen(
        [FUSEFAT, "-f", "-o", "rw+", image(tmp_path, 40), place],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for _ in range(100):
        if place.is_mount():
            break
        time.sleep(0.05)
    else:
        server.kill()
        server.wait()
        pytest.skip("fusefat could not mount here")
    yield place, server
    subprocess.run([FUSERMOUNT, "-u", "-z", place], check=False, capture_output=True)
    server.kill()
    server.wait()


def test_it_arrives_whole_on_fat32(stick):
    place, _ = stick
    assert drives.mount_of(place).file_system in drives.LARGEST_FILE
    for _ in delivery.deliver(CONTENT, place, "set one", Control()):
        pass
    assert (place / f"set one{EXTENSION}").read_bytes() == CONTENT
    assert not list(place.glob("*.unfinished"))


def test_a_stick_that_is_pulled_out_while_it_is_written_is_named(stick, monkeypatch):
    place, server = stick
    monkeypatch.setattr(delivery, "_WAITS", (0.0,))
    events = delivery.deliver(CONTENT, place, "set one", Control())
    next(events), next(events)
    server.kill()
    server.wait()
    with pytest.raises(TargetError, match=r"could not be written to|no longer there"):
        list(events)


def test_a_name_that_fat_cannot_hold_is_refused_before_anything_is_written(stick):
    place, _ = stick
    before = set(place.iterdir())
    with pytest.raises(TargetError, match="some systems do not allow"):
        list(delivery.deliver(CONTENT, place, "a:b", Control()))
    assert set(place.iterdir()) == before


def test_a_file_larger_than_fat_holds_is_named(tmp_path, monkeypatch):
    """Bundles end at 320 MB; the rule is there for formats to come."""
    mount = drives.Mount(path=tmp_path, device="", source="", file_system="vfat", read_only=False)
    monkeypatch.setattr(drives, "mount_of", lambda _: mount)
    with pytest.raises(
        TargetError, match="formatted as vfat, which holds files up to 4,294,967,295"
    ):
        delivery._check_file_system(tmp_path, 2**32)
