import shutil
from pathlib import Path

import pytest

from meddistill_gui.bundle import delivery, drives
from meddistill_gui.bundle.drives import Mount
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import TargetError

MOUNTINFO = """\
22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw
23 22 8:17 / {stick} rw,nosuid,relatime shared:5 - vfat /dev/sdb1 rw,fmask=0022,errors=remount-ro
24 22 179:1 / {card} ro,relatime - exfat /dev/mmcblk0p1 ro
25 22 0:50 / {share} rw,relatime - cifs //server/common\\040folder rw,vers=3.1.1
26 22 8:33 / {gone} rw - vfat /dev/sdc1 rw
"""


@pytest.fixture
def machine(tmp_path, monkeypatch) -> dict[str, Path]:
    """A machine with a stick, a write-protected card, a share and a stick that was just pulled out."""
    places = {name: tmp_path / f"mnt {name}" for name in ("stick", "card", "share", "gone")}
    for name, path in places.items():
        if name != "gone":
            path.mkdir()
    written = {name: str(path).replace(" ", "\\040") for name, path in places.items()}
    (tmp_path / "mountinfo").write_text(MOUNTINFO.format(**written))
    devices = tmp_path / "devices"
    for disk, part, number, removable in (("sda", "sda2", "8:2", 0), ("sdb", "sdb1", "8:17", 1), ("mmc", "mmcp1", "179:1", 1), ("sdc", "sdc1", "8:33", 1)):  # fmt: skip
        (devices / disk / part).mkdir(parents=True)
        (devices / disk / "removable").write_text(f"{removable}\n")
        (tmp_path / "block").mkdir(exist_ok=True)
        (tmp_path / "block" / number).symlink_to(devices / disk / part)
    monkeypatch.setattr(drives, "_MOUNTINFO", tmp_path / "mountinfo")
    monkeypatch.setattr(drives, "_SYSFS", tmp_path / "block")
    return places


def test_what_can_be_pulled_out_is_listed(machine):
    found = {drive.path: drive for drive in drives.removable_drives()}
    assert set(found) == {machine["stick"], machine["card"]}
    assert found[machine["stick"]].file_system == "vfat"
    assert found[machine["stick"]].name == "mnt stick"
    assert not found[machine["stick"]].read_only
    assert found[machine["card"]].read_only
    assert found[machine["stick"]].free == pytest.approx(
        shutil.disk_usage(machine["stick"]).free, rel=0.1
    )


def test_a_path_is_on_its_nearest_mount(machine, tmp_path):
    (machine["stick"] / "sub").mkdir()
    assert drives.mount_of(machine["stick"] / "sub").file_system == "vfat"
    assert drives.mount_of(machine["share"]).source == "//server/common folder"
    assert drives.mount_of(machine["share"]).file_system in drives.SHARES
    assert drives.mount_of(tmp_path).file_system == "ext4"


def test_this_machines_own_mounts_can_be_read(tmp_path):
    if not Path("/proc/self/mountinfo").is_file():
        pytest.skip("no /proc/self/mountinfo here")
    if not any(mount.path == Path("/") for mount in drives._mounts()):
        pytest.skip("this system does not list the mount of its own root, as in a chroot")
    assert isinstance(drives.mount_of(tmp_path), Mount)
    assert isinstance(drives.removable_drives(), tuple)


def test_a_write_protected_card_is_named_before_anything_is_written(machine):
    with pytest.raises(TargetError, match="write-protected"):
        list(delivery.deliver(b"x", machine["card"], "a", Control()))


def test_more_than_fat_can_hold_is_named(machine, monkeypatch):
    monkeypatch.setitem(drives.LARGEST_FILE, "vfat", 10)
    with pytest.raises(TargetError, match="vfat"):
        list(delivery.deliver(b"x" * 11, machine["stick"], "a", Control()))
    assert list(delivery.deliver(b"x" * 10, machine["stick"], "a", Control()))
