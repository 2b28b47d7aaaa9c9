import json
import zipfile
from pathlib import Path

import pytest

from meddistill_gui.bundle import writer
from meddistill_gui.core import distilled
from meddistill_gui.core.configs.bundle import ExportConfig
from meddistill_gui.core.errors import ProjectError
from meddistill_gui.gui.pages.export.contents import planned, read_public_audit
from meddistill_gui.gui.places import in_bytes


def test_what_is_shown_is_what_is_packed(hospital, tmp_path, evaluation):
    run = hospital.finished(hospital.run())
    run.evaluation.write_text(json.dumps(evaluation))
    config = ExportConfig(run=run.root, to=tmp_path, title="A title")
    contents = planned(run, config)
    papers = writer.Papers(
        title="A title", contact="", licence="", evaluation=evaluation, audit=None
    )
    content = writer.pack(distilled.load(run.result), papers)
    path = tmp_path / "bundle.zip"
    path.write_bytes(content)
    with zipfile.ZipFile(path) as bundle:
        inside = {one.filename.split("/", 1)[1]: one.file_size for one in bundle.infolist()}
    assert contents.size == len(content)
    assert all(inside[name] == size for name, size in contents.members)
    assert "data/utility.json" in dict(contents.members)


def test_a_run_without_a_result_has_no_contents(hospital):
    run = hospital.run()
    with pytest.raises(ProjectError):
        planned(run, ExportConfig(run=run.root, to=Path()))


def test_a_damaged_audit_is_said(hospital):
    run = hospital.run()
    assert read_public_audit(run) is None
    (run.audit / "public.json").write_text('{"verdict": "FINE"}')
    with pytest.raises(ProjectError, match="Run the audit again"):
        read_public_audit(run)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (5 * 10**12, "5,000.0 GB"),
    ],
)
def test_sizes_in_words(count, words):
    assert in_bytes(count) == words
