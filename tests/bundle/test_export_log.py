from dataclasses import replace

import pytest

from meddistill_gui.bundle import export_log
from meddistill_gui.bundle.export_log import Export
from meddistill_gui.core.errors import TargetError

ONE = Export(
    when=export_log.now(),
    path="/media/stick/ä.distilled.zip",
    drive="USBSTICK",
    sha256="0" * 64,
    size=1234,
    title="Title",
    verdict="CANNOT TELL",
    recipients=("age1x", "age1y"),
)


def test_exports_are_read_as_they_were_written(tmp_path):
    log = tmp_path / "exports.jsonl"
    assert export_log.read(log) == ()
    export_log.append(log, ONE)
    export_log.append(log, replace(ONE, size=2, recipients=()))
    assert list(export_log.read(log)) == [ONE, replace(ONE, size=2, recipients=())]


def test_a_line_that_a_crash_cut_off_is_left_out(tmp_path):
    log = tmp_path / "exports.jsonl"
    export_log.append(log, ONE)
    with log.open("ab") as stream:
        stream.write(b'[1]\n{"when": "20')
    export_log.append(log, ONE)
    assert list(export_log.read(log)) == [ONE, ONE]


def test_a_missing_folder_is_a_sentence(tmp_path):
    with pytest.raises(TargetError):
        export_log.append(tmp_path / "missing" / "exports.jsonl", ONE)
