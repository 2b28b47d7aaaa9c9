"""The page about a run: one file, synthetic pictures only, the fixed paragraph beside the verdict."""

import re

import numpy as np
import pytest

from meddistill_gui.core import distilled as sets
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.configs.results import EvaluateConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.core.words import LIMITS, Verdict
from meddistill_gui.operations import run_report
from meddistill_gui.operations.audit import audit
from meddistill_gui.operations.distill import distill
from meddistill_gui.operations.evaluate import evaluate
from tests.operations.small_hospital import CLASSES, finished, small_run

pytestmark = pytest.mark.slow


@pytest.fixture
def run(project):
    finished(distill(small_run(project), Control()))
    return RunFolder(project / "runs" / "small")


def test_before_evaluation_and_audit_it_shows_the_pictures_alone(run, tmp_path):
    html = run_report.write(run.root, tmp_path / "report.html").read_text()
    assert html.count("<figure>") >= len(CLASSES)
    assert "What they are worth" not in html
    assert not any(word in html for word in Verdict)


def test_it_is_one_file_that_names_no_folder_and_no_patient(run, tmp_path):
    finished(
        evaluate(EvaluateConfig(run=run.root, students=1, random_draws=1, whole=False), Control())
    )
    finished(audit(AuditConfig(run=run.root, planted=5), Control()))
    html = run_report.write(run.root, tmp_path / "report.html", invented=True).read_text()
    assert "Invented data" in html
    assert Verdict.CANNOT_TELL in html
    assert LIMITS.split(". ")[0] in html
    assert not re.search(r'(?:src|href)="(?!data:)', html)
    assert str(run.project) not in html
    assert not re.search(r"p(?:dots|stripes|waves)\d{3}", html)


def test_the_table_has_a_row_for_each_training_set(run):
    finished(evaluate(EvaluateConfig(run=run.root, students=1, random_draws=1), Control()))
    rows = run_report.table(run.root, bundle_bytes=12_345)
    assert [row[1] for row in rows[1:]][:2] == ["3", "3"]
    assert rows[1][2] == "12 kB"


def test_shown_bytes_are_clipped_not_wrapped(run):
    result = sets.load(run.result)
    shown = sets.displayed(np.array([[[[-0.5, 1.5], [0.0, 1.0]]]], dtype=np.float32))
    assert shown.tolist() == [[[0, 255], [0, 255]]]
    assert sets.displayed(result.images).shape == (3, 16, 16)
