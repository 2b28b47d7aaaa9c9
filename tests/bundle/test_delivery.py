"""Sending to places that fail; the faults are real ones (full tmpfs, removed folder, changed bytes), not mocks."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from meddistill_gui.bundle import delivery, reading_back
from meddistill_gui.bundle.format import EXTENSION
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import Stopped, TargetError
from meddistill_gui.core.events import Warned
from tests.own_mounts import in_own_mounts

CONTENT = bytes(range(256)) * 4096 * 3 + b"and an odd end"


def run(events):
    """All events, and what the generator returned."""
    seen = []
    while True:
        try:
            seen.append(next(events))
        except StopIteration as end:
            return seen, end.value


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def until(events, phase: str, count: int = 1) -> None:
    """Go on until the phase has reported so often."""
    for event in events:
        count -= event.phase == phase
        if not count:
            return


def test_it_is_there_whole_and_alone(tmp_path):
    events, path = run(delivery.deliver(CONTENT, tmp_path, "set one", Control()))
    assert path == tmp_path / f"set one{EXTENSION}"
    assert path.read_bytes() == CONTENT
    assert names(tmp_path) == [path.name]
    for phase in ("writing", "reading back"):
        done = [event.done for event in events if event.phase == phase]
        assert done == sorted(done)
        assert done[0] == 0
        assert done[-1] == len(CONTENT)


def test_the_extension_is_not_doubled(tmp_path):
    assert delivery.target(tmp_path, f"a{EXTENSION}") == tmp_path / f"a{EXTENSION}"


def test_the_same_bundle_may_be_sent_again_but_another_does_not_replace_it(tmp_path):
    run(delivery.deliver(CONTENT, tmp_path, "a", Control()))
    run(delivery.deliver(CONTENT, tmp_path, "a", Control()))
    with pytest.raises(TargetError, match="there already, with other content"):
        run(delivery.deliver(CONTENT[:-1], tmp_path, "a", Control()))
    assert (tmp_path / f"a{EXTENSION}").read_bytes() == CONTENT
    run(delivery.deliver(CONTENT[:-1], tmp_path, "a", Control(), replace=True))
    assert (tmp_path / f"a{EXTENSION}").read_bytes() == CONTENT[:-1]


@pytest.mark.parametrize(
    "name",
    ["", EXTENSION, "a/b", "..", "../up", "a:b", 'a"b', "a\\b", "con", "LPT1", "nul.x", "a.", ".a", "~a", " a", "a\nb", "a\u202eb", "x" * 190],
)  # fmt: skip
def test_names_that_some_system_cannot_hold(tmp_path, name):
    with pytest.raises(TargetError, match="The name"):
        run(delivery.deliver(CONTENT, tmp_path, name, Control()))
    assert not names(tmp_path)


def test_a_missing_folder_and_a_file_instead(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "missing", tmp_path / "file"):
        with pytest.raises(TargetError, match="is not there, or is no folder"):
            run(delivery.deliver(CONTENT, folder, "a", Control()))


@pytest.mark.parametrize("place", [0, 2**20 + 5, len(CONTENT) - 1])
def test_a_byte_that_comes_back_changed(tmp_path, place):
    events = delivery.deliver(CONTENT, tmp_path, "a", Control())
    until(events, "reading back")
    (unfinished,) = tmp_path.iterdir()
    with unfinished.open("r+b") as stream:
        stream.seek(place)
        stream.write(bytes([CONTENT[place] ^ 1]))
    with pytest.raises(TargetError, match=f"from byte {place:,} on"):
        run(events)
    assert not names(tmp_path)


@pytest.mark.parametrize("change", [-1, 1])
def test_a_file_that_comes_back_longer_or_shorter(tmp_path, change):
    events = delivery.deliver(CONTENT, tmp_path, "a", Control())
    until(events, "reading back")
    (unfinished,) = tmp_path.iterdir()
    os.truncate(unfinished, len(CONTENT) + change)
    with pytest.raises(TargetError, match="gave back other bytes"):
        run(events)
    assert not names(tmp_path)


@pytest.mark.parametrize("phase", ["writing", "reading back"])
def test_a_target_that_vanishes_meanwhile(tmp_path, phase):
    stick = tmp_path / "stick"
    stick.mkdir()
    events = delivery.deliver(CONTENT, stick, "a", Control())
    until(events, phase, 2)
    shutil.rmtree(stick)
    with pytest.raises(TargetError, match="no longer there"):
        run(events)


@pytest.mark.parametrize("phase", ["writing", "reading back"])
def test_a_stop_leaves_nothing_behind(tmp_path, phase):
    control = Control()
    events = delivery.deliver(CONTENT, tmp_path, "a", control)
    until(events, phase, 2)
    control.request_stop()
    with pytest.raises(Stopped):
        run(events)
    assert not names(tmp_path)


def test_an_abandoned_delivery_leaves_nothing_behind(tmp_path):
    events = delivery.deliver(CONTENT, tmp_path, "a", Control())
    until(events, "writing", 2)
    events.close()
    assert not names(tmp_path)


def test_a_rest_of_a_killed_delivery_is_replaced(tmp_path):
    (tmp_path / f"a{EXTENSION}.unfinished").write_bytes(b"half")
    run(delivery.deliver(CONTENT, tmp_path, "a", Control()))
    assert names(tmp_path) == [f"a{EXTENSION}"]


@pytest.mark.slow
def test_kill_9_never_leaves_a_half_bundle_under_the_final_name(tmp_path):
    code = (
        "import sys, pathlib\n"
        "from meddistill_gui.bundle import delivery; from meddistill_gui.core.control import Control\n"
        "for event in delivery.deliver(b'x' * 2**24, pathlib.Path(sys.argv[1]), 'a', Control()): print(flush=True)"
    )
    for lines in (3, 12, 25):
        child = subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE)
        for _ in range(lines):
            child.stdout.readline()
        child.kill()
        child.communicate()
        final = tmp_path / f"a{EXTENSION}"
        assert not final.exists() or final.read_bytes() == b"x" * 2**24
    run(delivery.deliver(b"x" * 2**24, tmp_path, "a", Control()))
    assert names(tmp_path) == [final.name]


ON_A_SMALL_DISK = """
import os, pathlib, sys
from meddistill_gui.bundle import delivery
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import TargetError
from meddistill_gui.core.events import Progress
stick, content, fill = pathlib.Path(sys.argv[1]), b"x" * 2**20 * 3, sys.argv[2] == "fill"
try:
    for event in delivery.deliver(content, stick, "a", Control()):
        if fill and event.done == 2**20:  # somebody else writes meanwhile
            (stick / "other").write_bytes(b"y" * 2**20 * 4)
except TargetError as error:
    print(error)
except OSError:
    pass
print(sorted(os.listdir(stick)))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "fill", "sentence"),
    [
        ("2m", "no", "has 2.0 MiB free; the bundle needs 3.0"),
        ("5m", "fill", "no room left on the disk"),
    ],
)
def test_a_full_disk(tmp_path, size, fill, sentence):
    mount = f'mount -t tmpfs -o size={size} none "$1"; "$2" -c "$3" "$1" {fill}'
    said = in_own_mounts(mount, tmp_path, sys.executable, ON_A_SMALL_DISK)
    assert sentence in said
    assert EXTENSION not in said.splitlines()[-1]


@pytest.mark.slow
def test_a_read_only_target(tmp_path):
    mount = 'mount -t tmpfs none "$1"; mount -o remount,ro "$1"; "$2" -c "$3" "$1" no'
    said = in_own_mounts(mount, tmp_path, sys.executable, ON_A_SMALL_DISK)
    assert "may not be written to" in said


def dropping(monkeypatch, code: int, times: int) -> None:
    """Let writing fail so often, as a share does that has gone."""
    real, left = os.write, [times]

    def write(handle: int, content: object) -> int:
        if left[0]:
            left[0] -= 1
            raise OSError(code, os.strerror(code))
        return real(handle, content)

    monkeypatch.setattr(delivery.os, "write", write)
    monkeypatch.setattr(delivery, "_WAITS", (0.0, 0.0, 0.0))


def test_a_share_that_drops_is_tried_again_from_the_beginning(tmp_path, monkeypatch):
    dropping(monkeypatch, errno.ECONNRESET, 2)
    events, final = run(delivery.deliver(CONTENT, tmp_path, "a", Control()))
    warned = [event for event in events if isinstance(event, Warned)]
    assert [event.code for event in warned] == ["target-dropped"] * 2
    assert "attempt 2 of 4" in warned[1].message
    assert final.read_bytes() == CONTENT
    assert names(tmp_path) == [final.name]


def test_a_share_that_stays_away_is_a_sentence(tmp_path, monkeypatch):
    dropping(monkeypatch, errno.EHOSTDOWN, 99)
    with pytest.raises(TargetError, match="Host is down"):
        run(delivery.deliver(CONTENT, tmp_path, "a", Control()))
    monkeypatch.undo()
    assert not names(tmp_path)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.ENODEV])
def test_what_a_person_must_mend_is_not_tried_again(tmp_path, monkeypatch, code):
    dropping(monkeypatch, code, 1)
    with pytest.raises(TargetError):
        run(delivery.deliver(CONTENT, tmp_path, "a", Control()))


def test_a_stop_is_heard_while_it_waits_for_a_share(tmp_path, monkeypatch):
    dropping(monkeypatch, errno.ETIMEDOUT, 99)
    monkeypatch.setattr(delivery, "_WAITS", (3600.0,))
    control = Control()
    events = delivery.deliver(CONTENT, tmp_path, "a", control)
    while not isinstance(next(events), Warned):
        pass
    control.request_stop()
    with pytest.raises(Stopped):
        next(events)


@pytest.mark.parametrize("direct", [reading_back._O_DIRECT, 0], ids=["O_DIRECT", "fadvise"])
@pytest.mark.parametrize("size", [0, 1, 4096, 2**20, 2**20 + 1, 3 * 2**20 - 1])
def test_reading_back_reads_every_byte(tmp_path, monkeypatch, size, direct):
    monkeypatch.setattr(reading_back, "_O_DIRECT", direct)
    path = tmp_path / "f"
    content = os.urandom(size)
    path.write_bytes(content)
    assert b"".join(reading_back.chunks(path, 2**20)) == content


def test_the_ways_of_reading_differ_where_they_can(tmp_path):
    """Guards against a silent fall-back: on this disk the cache can be bypassed, or the system says that it cannot."""
    path: Path = tmp_path / "f"
    path.write_bytes(b"x")
    if not sys.platform.startswith("linux"):
        pytest.skip("O_DIRECT is Linux's")
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_DIRECT))
    except OSError:
        assert not reading_back.past_the_cache(path)
    else:
        assert reading_back.past_the_cache(path)
