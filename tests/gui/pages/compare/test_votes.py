"""The votes of a run are shown as they were written down; another threshold changes decisions, never the record."""

import json

import numpy as np
import pytest
from PIL import Image

from meddistill_gui.core.config import save_toml
from meddistill_gui.core.configs.capsule import VoteConfig
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.events import Finished
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.patches.regions import POLYGON, Region, replace_regions
from meddistill_gui.data.scanning import scan
from meddistill_gui.gui.pages.compare.page import ComparePage
from meddistill_gui.gui.pages.compare.votes_dialog import VotesDialog
from meddistill_gui.gui.pages.compare.votes_map import read_opened
from meddistill_gui.gui.pages.compare.votes_record import read_votes

RECORD = {
    "format": 1,
    "delta": 0.4,
    "sensitivity": 1.0,
    "specificity": 0.5,
    "harmonic_mean": 0.667,
    "curve": [
        {"delta": d, "sensitivity": 1 - d, "specificity": d, "harmonic_mean": 2 * d * (1 - d)}
        for d in (0.0, 0.4, 0.8, 1.0)
    ],
    "images": [
        {"id": 1, "label": 1, "decision": 1, "share": 0.5, "rows": [0, 10], "columns": [0, 10], "map": [[2, 1], [0, -1]]},
        {"id": 2, "label": 0, "decision": 0, "share": 0.0, "rows": [0], "columns": [0, 10], "map": [[0, 0]]},
    ],
}  # fmt: skip


@pytest.fixture
def run(hospital, tmp_path):
    """A finished run from patches of two pictures."""
    source = tmp_path / "pictures"
    source.mkdir()
    for number in range(2):
        noise = np.random.default_rng(number).integers(0, 256, (40, 40), dtype=np.uint8)
        Image.fromarray(noise).save(source / f"{number}.png")
    with open_catalogue(hospital.project.catalogue) as catalogue:
        for _ in scan(
            ScanConfig(source=source, project=hospital.project.root), catalogue, Control()
        ):
            pass
    made = hospital.finished(hospital.run("patches"))
    plan = PatchesConfig(project=hospital.project.root, positive="ill", size=20, stride=10)
    save_toml(made.config_of_patches, plan)
    return made


@pytest.fixture
def voted(run):
    run.votes.write_text(json.dumps(RECORD))
    return run


def test_the_record_is_read_as_it_is(voted):
    votes = read_votes(voted)
    assert (votes.delta, votes.size, votes.stride) == (0.4, 20, 10)
    first, second = votes.images
    assert first.places == ((0, 0, 2), (0, 10, 1), (10, 0, 0)), "where no patch stands is left out"
    assert first.called(0.5)
    assert not first.called(0.51)
    assert second.silent
    assert not second.called(0.0), "who has no vote is negative at every threshold"


@pytest.mark.parametrize("damage", ["", "{", "[]", json.dumps({**RECORD, "images": [{"id": 1}]})])
def test_a_damaged_record_is_refused(voted, damage):
    voted.votes.write_text(damage)
    with pytest.raises(ProjectError, match="missing or damaged"):
        read_votes(voted)


def test_decisions_follow_the_threshold_and_figures_do_not(voted, qtbot):
    dialog = VotesDialog(voted, read_votes(voted))
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: not dialog.reading)
    lines = [dialog.images.item(row).text() for row in range(2)]
    assert lines == ["✓ 1: is positive, called positive (50%)", "✓ 2: is negative, called negative (no vote)"]  # fmt: skip
    dialog.delta.setValue(0.8)
    assert dialog.images.item(0).text().startswith("✗ 1: is positive, called negative")
    assert "at threshold 0.4: sensitivity 1.000, specificity 0.500" in dialog._figures.text()
    assert "At threshold 0.8 1 of 2 images are right" in dialog._figures.text()
    assert "Sensitivity 0.20" in dialog.curve._view.accessibleDescription()
    assert "1 patches inside-negative, 1 inside-positive" in dialog.map.accessibleDescription()
    with_places = dialog.map.grab().toImage()
    dialog.places.setChecked(False)
    assert dialog.map.grab().toImage() != with_places
    dialog.close()


def test_where_the_threshold_comes_from_is_said(voted, qtbot):
    votes = json.loads(voted.votes.read_text())
    voted.votes.write_text(json.dumps({**votes, "chosen_on": 27}))
    dialog = VotesDialog(voted, read_votes(voted))
    qtbot.addWidget(dialog)
    assert "at threshold 0.4 (the best on 27 validation images): sens" in dialog._figures.text()
    qtbot.waitUntil(lambda: not dialog.reading)
    dialog.close()


def test_the_pixels_are_those_of_the_catalogue(voted, tmp_path):
    opened = read_opened(voted.project / "catalogue.sqlite", 1)
    with Image.open(tmp_path / "pictures" / opened.name) as image:
        assert (opened.pixels == np.asarray(image)).all()
    assert opened.regions == ()


def test_regions_are_drawn_over_the_map_where_the_image_has_some(voted, qtbot):
    region = Region(kind=POLYGON, vertices=((5, 5), (35, 5), (35, 35)))
    with open_catalogue(voted.project / "catalogue.sqlite") as catalogue:
        replace_regions(catalogue, {1: (region,)})
    dialog = VotesDialog(voted, read_votes(voted))
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: not dialog.reading)
    assert dialog.regions.isEnabled()
    bare = dialog.map.grab().toImage()
    dialog.regions.click()
    assert dialog.map.grab().toImage() != bare
    dialog.images.setCurrentRow(1)
    qtbot.waitUntil(lambda: not dialog.reading)
    assert not dialog.regions.isEnabled()
    assert not dialog.map._regions
    dialog.close()


@pytest.fixture
def page(session, start_fake, qtbot):
    made = ComparePage(session, start_fake)
    qtbot.addWidget(made)
    made.show()
    return made


def test_votes_are_offered_for_runs_from_patches_only(page, session, hospital):
    hospital.finished(hospital.run("whole"))
    session.open_project(hospital.project.root)
    assert not page.votes.button.isVisible()


def test_where_nobody_voted_yet_it_votes_first(page, run, session, hospital, start_fake, qtbot):
    start_fake.scripts["vote"] = [Finished(summary={"text": "Of 2 test images …"})]
    session.open_project(hospital.project.root)
    page.votes.button.click()
    qtbot.waitUntil(page._frame.notice.isVisible)
    assert start_fake.asked[-1] == ("vote", VoteConfig(run=run.root))
    run.votes.write_text(json.dumps(RECORD))
    page.votes.refresh()
    dialog = page.votes.dialog()
    qtbot.addWidget(dialog)
    assert dialog.images.count() == 2
    dialog.close()
    run.votes.write_text("{")
    assert page.votes.dialog() is None
    assert "damaged" in page._frame.notice.text()
