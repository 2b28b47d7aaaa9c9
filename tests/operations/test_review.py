"""A person's decision about a flagged image, on the command line as in the window."""

import json

import pytest

from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.configs.bundle import ExportConfig
from meddistill_gui.core.configs.review import ReviewConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import BundleError, ConfigError
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.operations.audit import audit
from meddistill_gui.operations.distill import distill
from meddistill_gui.operations.export import export
from meddistill_gui.operations.review import review
from tests.operations.small_hospital import finished, small_run

pytestmark = pytest.mark.slow


@pytest.fixture
def flagged(project):
    """A run whose first image is flagged and not confirmed."""
    finished(distill(small_run(project), Control()))
    run = RunFolder(project / "runs" / "small")
    finished(audit(AuditConfig(run=run.root, planted=5), Control()))
    report = json.loads((run.audit / "detailed.json").read_text())
    for image in report["images"]:
        image |= {"flagged": image["index"] == 0, "confirmed": False, "exact": False}
    (run.audit / "detailed.json").write_text(json.dumps(report))
    return run


def decide(run, decision, image=1):
    config = ReviewConfig(
        run=run.root,
        image=image,
        decision=decision,
        reviewer="Dr Ito",
        reason="The ribs run elsewhere.",
    )
    return finished(review(config, Control()))


def send(run, stick):
    finished(export(ExportConfig(run=run.root, to=stick, name="set"), Control()))


def test_a_flagged_image_is_held_until_a_person_accepts_it(flagged, tmp_path):
    with pytest.raises(BundleError, match="image 1 first"):
        send(flagged, tmp_path)
    assert decide(flagged, "accepted")["may_be_packed"]
    send(flagged, tmp_path)
    assert b"Ito" not in (tmp_path / "set.distilled.zip").read_bytes()


def test_a_leak_that_a_person_saw_is_never_sent(flagged, tmp_path):
    assert not decide(flagged, "leak")["may_be_packed"]
    with pytest.raises(BundleError, match="shows a patient"):
        send(flagged, tmp_path)


def test_an_image_that_is_not_there(flagged):
    with pytest.raises(ConfigError, match="has 3 images"):
        decide(flagged, "accepted", image=4)
