"""Images of a finished run begin again or are left out, and what must be done afterwards."""

import json
import shutil

import numpy as np
import pytest

from meddistill_gui.audit.review_log import read_reviews
from meddistill_gui.core import distilled, origin
from meddistill_gui.core import ledger as ledgers
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.configs.bundle import ExportConfig
from meddistill_gui.core.configs.capsule import CapsuleExportConfig
from meddistill_gui.core.configs.rework import ReworkConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import BundleError, ConfigError, ProjectError, Stopped
from meddistill_gui.core.events import Metric
from meddistill_gui.core.run_folder import RunFolder, open_run
from meddistill_gui.operations.audit import audit
from meddistill_gui.operations.capsule import capsule_export
from meddistill_gui.operations.distill import distill
from meddistill_gui.operations.export import export
from meddistill_gui.operations.release import released
from meddistill_gui.operations.rework import rework
from tests.operations.small_hospital import finished, small_run

pytestmark = pytest.mark.slow


@pytest.fixture
def run(project):
    finished(distill(small_run(project), Control()))
    return RunFolder(project / "runs" / "small")


def reworked(run, action="restart", images=(2,), **values):
    return ReworkConfig(
        run=run.root,
        images=tuple(map(str, images)),
        action=action,
        reviewer=" Dr Ito ",
        reason="It resembles patient 7.",
        **values,
    )


def images_of(run):
    return distilled.load(run.result).images


def test_one_image_begins_again_and_the_others_stay_to_the_last_bit(run):
    before = images_of(run)
    summary = finished(rework(reworked(run, iterations=2), Control()))
    new, config = open_run(RunFolder(run.root.parent / "small-reworked-2").root)
    assert str(new.root) in summary["text"]
    after = images_of(new)
    for row in range(len(before)):
        assert np.array_equal(before[row], after[row]) == (row != 1), f"image {row}"
    assert np.array_equal(images_of(run), before), "the finished run was changed"
    assert config.iterations == open_run(run.root)[1].iterations + 2


def test_everything_about_it_is_written_down(run):
    finished(rework(reworked(run, iterations=1, name="second"), Control()))
    (entry,) = read_reviews(run.reviews)
    assert (entry.image, entry.decision, entry.reviewer) == (1, "restarted", "Dr Ito")
    new = RunFolder(run.root.parent / "second")
    told = origin.load(new.origin)
    assert told is not None
    assert (told.run, told.action, told.images, told.reviewer) == (
        "small",
        "restart",
        (1,),
        "Dr Ito",
    )
    assert told.log == entry.digest
    assert told.content == entry.content
    assert ledgers.load(new.ledger) == ledgers.load(run.ledger)
    assert not read_reviews(new.reviews), (
        "decisions about other images are not decisions about these"
    )


def test_an_image_is_left_out_and_nothing_leaves_before_another_audit(project):
    finished(distill(small_run(project, images_per_class=2), Control()))
    run = RunFolder(project / "runs" / "small")
    before = images_of(run)
    assert released(run).allowed
    finished(rework(reworked(run, "drop", (2, 5)), Control()))
    new = RunFolder(run.root.parent / "small-reworked-2")
    assert np.array_equal(images_of(new), before[[0, 2, 3, 5]])
    ledger = ledgers.load(new.ledger)
    assert ledger is not None
    assert len(ledger.started_from) == 4
    assert "audit this set first" in " ".join(released(new).refused)
    finished(audit(AuditConfig(run=new.root, planted=1), Control()))
    assert len(json.loads((new.audit / "detailed.json").read_text())["images"]) == 4
    assert "audit this set first" not in " ".join(released(new).refused)
    shutil.copytree(new.audit, run.audit, dirs_exist_ok=True)
    again = released(run).refused
    assert any("image 2 left out: pack the reworked run" in sentence for sentence in again)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"images": (4,)}, "has 3 images"),
        ({"images": (0,)}, "count from 1"),
        ({"images": ()}, "images is empty"),
        ({"name": "small"}, "exists already"),
    ],
)
def test_wrong_wishes_cost_nothing(run, wrong, message):
    with pytest.raises(ConfigError, match=message):
        finished(rework(reworked(run, **wrong), Control()))
    assert not read_reviews(run.reviews)
    assert [path.name for path in run.root.parent.iterdir()] == ["small"]


def test_the_last_image_of_a_class_is_not_left_out(run):
    with pytest.raises(ProjectError, match="without an image"):
        finished(rework(reworked(run, "drop", (1,)), Control()))
    assert not read_reviews(run.reviews)


@pytest.mark.parametrize("pack", [export, capsule_export])
def test_a_reworked_set_leaves_the_house_only_after_an_audit(run, tmp_path, pack):
    finished(rework(reworked(run, iterations=1), Control()))
    new = run.root.parent / "small-reworked-2"
    kind = ExportConfig if pack is export else CapsuleExportConfig
    with pytest.raises(BundleError, match="audit this set first"):
        finished(pack(kind(run=new, to=tmp_path / "stick"), Control()))
    assert not (tmp_path / "stick").exists()


def test_an_edited_log_is_refused_before_anything_is_done(run):
    finished(rework(reworked(run, iterations=1), Control()))
    run.reviews.write_text(run.reviews.read_text().replace("Ito", "Abe"))
    with pytest.raises(ProjectError, match="log of reviews was changed"):
        finished(rework(reworked(run, iterations=1), Control()))
    assert len(list(run.root.parent.iterdir())) == 2


def test_a_reworked_run_that_was_stopped_is_resumed_like_any_other(run):
    before = images_of(run)
    control = Control()
    steps = rework(reworked(run, iterations=40), control)
    next(event for event in steps if isinstance(event, Metric))
    control.request_stop()
    with pytest.raises(Stopped):
        list(steps)
    new = RunFolder(run.root.parent / "small-reworked-2")
    finished(distill(open_run(new.root)[1], Control()))
    after = images_of(new)
    assert [np.array_equal(a, b) for a, b in zip(before, after, strict=True)] == [True, False, True]
