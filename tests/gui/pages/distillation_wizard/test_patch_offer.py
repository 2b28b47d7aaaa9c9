"""Soft-label distillation is offered where images are large or carry regions, with its own budget."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Metric
from meddistill_gui.core.project import create_project
from meddistill_gui.core.specs import NETWORK_MEMORY
from meddistill_gui.data.catalogue import open_catalogue
from meddistill_gui.data.patches.patch_plan import store_plan
from meddistill_gui.data.patches.regions import POLYGON, Region, replace_regions
from meddistill_gui.data.scanning import scan
from meddistill_gui.gui.pages.distillation_wizard.budget_step import BudgetStep
from meddistill_gui.gui.pages.distillation_wizard.draft import Draft
from meddistill_gui.gui.pages.distillation_wizard.method_step import MethodStep
from meddistill_gui.gui.pages.distillation_wizard.patch_offer import PatchOffer, patch_offer


@pytest.mark.parametrize(("width", "large"), [(512, 0), (513, 1)])
def test_the_catalogue_says_what_speaks_for_patches(tmp_path: Path, width: int, large: int) -> None:
    source = tmp_path / "pictures"
    source.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (40, width), dtype=np.uint8)
    Image.fromarray(noise).save(source / "a.png")
    project = create_project(tmp_path / "project")
    with open_catalogue(project.catalogue) as catalogue:
        for _ in scan(ScanConfig(source=source, project=project.root), catalogue, Control()):
            pass
        offer = patch_offer(catalogue)
        assert (offer.large, offer.regions, offer.plan) == (large, 0, None)
        assert offer.fits == bool(large)
        (image,) = (int(one) for one in catalogue.image_ids())
        square = Region(kind=POLYGON, vertices=((0, 0), (30, 0), (30, 30)))
        replace_regions(catalogue, {image: [square]})
        assert patch_offer(catalogue).fits, "a region alone is reason enough"
        assert "draw regions and choose the window" in offer.sentence()
        plan = PatchesConfig(project=project.root, positive="ill", size=20, stride=10)
        store_plan(catalogue, plan)
        assert "patches of 20 pixels at a stride of 10; ill is positive" in patch_offer(catalogue).sentence()  # fmt: skip


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    return Draft(DistillConfig(project=tmp_path))


def test_the_method_is_offered_only_where_it_fits(draft: Draft, qtbot) -> None:
    step = MethodStep(draft)
    qtbot.addWidget(step)
    step.show()
    assert not step.cards["soft_label"].isVisible()
    step.show_offer(PatchOffer(large=3))
    assert step.cards["soft_label"].isVisible()
    assert step.column.indexOf(step.cards["soft_label"]) == step.column.indexOf(step.offer) + 1
    assert step.offer.text().startswith("3 images are larger than 512 pixels")
    step.show_offer(PatchOffer())
    assert not step.cards["soft_label"].isVisible()
    draft.set({"method": "soft_label"})
    assert step.cards["soft_label"].isVisible(), "what is chosen is never hidden"
    step.hide()


def test_its_budget_counts_images_in_all_and_names_the_network(
    draft: Draft, start_fake, qtbot
) -> None:
    step = BudgetStep(draft, start_fake)
    qtbot.addWidget(step)
    assert step.form.config().images_per_class == 1
    draft.set({"method": "soft_label"})
    step.initializePage()
    draft.set({"options.images": 2})
    step.form.show_config(draft.config)
    assert step.form.config().options.images == 2
    assert "options.images" in step.form._rows
    assert "network.family" in step.form._rows
    assert "images_per_class" not in step.form._rows
    step._on_event(Metric(name=NETWORK_MEMORY, step=0, value=10.7))
    assert step._rows["network_bytes"].text() == "10.0 GiB", "known before anything runs"
    assert step._rows["total"].text() == "–"
    step._on_measured({"seconds": 10.0, "memory_bytes": 2**31, "network_bytes": 3 * 2**30, "device": "cpu"})  # fmt: skip
    assert step._rows["network_bytes"].text() == "3.0 GiB"
    step._on_measured({"seconds": 10.0, "memory_bytes": 2**31, "network_bytes": 5 * 2**20, "device": "cpu"})  # fmt: skip
    assert step._rows["network_bytes"].text() == "5 MiB"
    step.work.close()
