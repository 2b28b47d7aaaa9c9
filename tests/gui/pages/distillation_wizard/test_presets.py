from pathlib import Path

import pytest

from meddistill_gui.core.config import options_of, problems, with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.specs import METHODS
from meddistill_gui.gui.pages.distillation_wizard.presets import (
    AUGMENTATIONS,
    PRESETS,
    applied,
    beginning,
    free_name,
    matching,
)

PLAIN = DistillConfig(project=Path("p"))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.name)
def test_every_preset_of_every_method_is_allowed_and_found_again(method, preset):
    config = applied(with_values(PLAIN, {"method": method}), preset)
    assert problems(config) == ()
    assert matching(config) == preset.name


def test_presets_are_in_order_of_work():
    amounts = [
        config.iterations * config.experts.count * config.experts.epochs
        for config in (applied(PLAIN, preset) for preset in PRESETS)
    ]
    assert amounts == sorted(set(amounts))


def test_the_wizard_begins_with_an_allowed_config_of_the_middle_amount():
    config = beginning(Path("p"), ("run-1",))
    assert problems(config) == ()
    assert (config.method, config.name, matching(config)) == ("recommended", "run-2", "balanced")


def test_the_middle_preset_is_what_the_program_does_by_default():
    assert matching(PLAIN) == "balanced"


def test_a_preset_changes_nothing_else_and_own_values_are_nobodys():
    own = with_values(PLAIN, {"seed": 7, "images_per_class": 10, "images.size": 64})
    assert applied(own, PRESETS[0]).seed == 7
    assert applied(own, PRESETS[0]).images == own.images
    assert matching(with_values(own, {"iterations": 61})) == ""


def test_names_of_runs_are_never_given_twice():
    assert free_name(()) == "run-1"
    assert free_name(("run-2", "run-1", "mine")) == "run-3"


@pytest.mark.parametrize(
    ("modality", "augmentation"),
    [("CT", "tomography"), ("SM", "microscopy"), ("ES", "endoscopy"), ("DX", "radiograph"), ("", "radiograph")],
)  # fmt: skip
def test_images_are_augmented_as_their_modality_allows(modality, augmentation):
    assert beginning(Path("p"), (), modality).augmentation == augmentation


def test_every_augmentation_by_modality_is_one_that_a_run_knows():
    known = {one.path: one.about.choices for one in options_of(beginning(Path("p"), ()))}
    assert set(AUGMENTATIONS.values()) <= set(known["augmentation"])
