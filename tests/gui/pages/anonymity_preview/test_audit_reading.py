import os

import pytest

from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.words import Verdict
from meddistill_gui.gui.pages.anonymity_preview.audit_reading import outdated, read_audit


def test_flagged_first_then_the_least_usual(hospital):
    run = hospital.finished(hospital.run())
    hospital.audited(run, Verdict.LEAK_FOUND, flagged=1)
    report = read_audit(run)
    assert report.verdict is Verdict.LEAK_FOUND
    assert [one.index for one in report.images] == [1, 5, 4, 3, 2, 0]
    nearest = report.images[0].neighbours
    assert [one.image for one in nearest] == [11, 10, 11, 12, 20, 21, 22]
    assert [one.trained_on for one in nearest] == [True] * 4 + [False] * 3
    assert [one.found_by for one in nearest] == [nearest[0].found_by] + [""] * 6


def test_no_audit_is_none(hospital):
    assert read_audit(hospital.run()) is None


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"verdict": "FINE"}', "\udcff"])
def test_a_damaged_report_is_said(hospital, content):
    run = hospital.run()
    (run.audit / "detailed.json").write_text(content, errors="surrogateescape")
    with pytest.raises(ProjectError, match="Run the audit again"):
        read_audit(run)


def test_a_verdict_outside_the_vocabulary_is_never_shown(hospital):
    run = hospital.finished(hospital.run())
    hospital.audited(run)
    path = run.audit / "detailed.json"
    path.write_text(path.read_text().replace(str(Verdict.NO_LEAK_FOUND), "ALL GOOD"))
    with pytest.raises(ProjectError):
        read_audit(run)


def test_images_that_are_newer_than_the_audit(hospital):
    run = hospital.finished(hospital.run())
    hospital.audited(run)
    report = (run.audit / "detailed.json").stat().st_mtime_ns
    os.utime(run.result, ns=(report - 10**9, report - 10**9))
    assert not outdated(run)
    os.utime(run.result, ns=(report + 10**9, report + 10**9))
    assert outdated(run)
