import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meddistill_gui.core.errors import TargetError
from meddistill_gui.core.files import write_whole, writing_to

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX limits and modes")
not_root = pytest.mark.skipif(
    os.name == "posix" and os.geteuid() == 0, reason="root may write anywhere"
)


@pytest.mark.slow
@given(st.binary(), st.binary())
def test_the_new_content_replaces_the_old_whole(tmp_path_factory, old, new):
    path = tmp_path_factory.mktemp("f") / "file"
    write_whole(path, old)
    write_whole(path, new)
    assert path.read_bytes() == new
    assert list(path.parent.iterdir()) == [path]


@posix
def test_a_disk_that_fills_up_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TargetError, match="no room left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_a_real_limit_on_file_size_keeps_the_old_file(tmp_path):
    """EFBIG of RLIMIT_FSIZE is what a disk quota looks like to a program."""
    path = tmp_path / "file"
    write_whole(path, b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        with pytest.raises(TargetError, match="no room left"):
            write_whole(path, b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.slow
@posix
def test_a_writer_that_is_killed_leaves_the_old_or_the_new_file(tmp_path):
    """The writer is killed while it replaces the file again and again; no mixture may ever be read."""
    path = tmp_path / "file"
    code = (
        "import sys; from pathlib import Path\n"
        "from meddistill_gui.core.files import write_whole\n"
        "contents = [bytes([number]) * 50_000 for number in (1, 2)]\n"
        "while True:\n"
        f"    for content in contents: write_whole(Path({str(path)!r}), content)\n"
        "    print(flush=True)\n"
    )
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            writer.kill()
        content = path.read_bytes()
        assert len(content) == 50_000
        assert len(set(content)) == 1


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(TargetError, match="is not there"):
        write_whole(tmp_path / "no" / "file", b"")


@posix
@not_root
def test_a_read_only_folder_is_named(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(TargetError, match="may not be written to"):
            write_whole(tmp_path / "file", b"")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "no room left"),
        (errno.EDQUOT, "no room left"),
        (errno.EROFS, "may not be written to"),
        (errno.EACCES, "may not be written to"),
        (errno.EIO, "no longer there"),
        (errno.ENOENT, "no longer there"),
        (errno.EEXIST, "is a file"),
    ],
)
def test_complaints_become_sentences(number, sentence):
    with pytest.raises(TargetError, match=sentence) as caught, writing_to(Path("stick")):
        raise OSError(number, os.strerror(number))
    assert caught.value.remedy


def test_other_complaints_pass():
    with pytest.raises(OSError, match="strange"), writing_to(Path("stick")):
        raise OSError(errno.EBADF, "strange")


def test_errors_of_the_tree_pass_unchanged():
    error = TargetError("a", "b")
    with pytest.raises(TargetError) as caught, writing_to(Path("stick")):
        raise error
    assert caught.value is error
