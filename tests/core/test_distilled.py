import dataclasses

import numpy as np
import pytest

from meddistill_gui.core import distilled
from meddistill_gui.core.distilled import DistilledSet, are_hard, are_probabilities
from meddistill_gui.core.errors import ProjectError


@pytest.fixture
def recipe_fields():
    """Values for every field of the recipe, by its type: new fields need no change here."""
    plain = {"str": "x", "int": 2, "float": 0.5, "tuple[float, ...]": (0.5,)}
    values = {
        field.name: plain.get(
            getattr(field.type, "__name__", str(field.type)), plain.get(str(field.type))
        )
        for field in dataclasses.fields(distilled.Recipe)
    }
    prescribed = {"steps": 2, "start": 7, "order": ((0, 1), (2, 0)), "norm": "batch"}
    return values | prescribed | {"class_names": ("normal", "größe"), "size": 4, "channels": 1}


@pytest.fixture
def small(recipe_fields):
    random = np.random.default_rng(0)
    return DistilledSet(
        images=random.normal(0.5, 1.0, (3, 1, 4, 4)).astype(np.float32),
        labels=np.eye(2, dtype=np.float32)[[0, 1, 1]],
        learning_rates=np.array([0.01, 0.02], dtype=np.float32),
        recipe=distilled.Recipe(**recipe_fields),
    )


def same(one: DistilledSet, other: DistilledSet) -> bool:
    return one.recipe == other.recipe and all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("images", "labels", "learning_rates")
    )


def test_a_set_returns_from_its_file_bit_for_bit(small, tmp_path):
    distilled.save(tmp_path / "set.safetensors", small)
    assert same(distilled.load(tmp_path / "set.safetensors"), small)


def test_the_same_set_gives_the_same_bytes(small):
    again = distilled.from_bytes(distilled.to_bytes(small))
    assert distilled.to_bytes(again) == distilled.to_bytes(small)


@pytest.mark.parametrize("keep", [0, 4, 8, 40, -1])
def test_a_cut_file_is_refused(small, tmp_path, keep):
    path = tmp_path / "set.safetensors"
    path.write_bytes(distilled.to_bytes(small)[:keep])
    with pytest.raises(ProjectError, match="damaged"):
        distilled.load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ProjectError, match="missing"):
        distilled.load(tmp_path / "set.safetensors")


@pytest.mark.parametrize(
    "changed",
    [
        {"images": np.zeros((3, 1, 4, 5), np.float32)},
        {"images": np.full((3, 1, 4, 4), np.nan, np.float32)},
        {"labels": np.zeros((2, 2), np.float32)},
        {"learning_rates": np.array([0.0], np.float32)},
        {"learning_rates": np.array([-0.1], np.float32)},
    ],
)
def test_parts_that_do_not_fit_are_refused(small, changed):
    with pytest.raises(ValueError, match=r"images|labels|learning"):
        dataclasses.replace(small, **changed)


def test_a_recipe_with_a_field_too_many_or_too_few_is_refused(small):
    record = distilled.recipe_to_json(small.recipe)
    with pytest.raises(ValueError, match="differ"):
        distilled.recipe_from_json(record | {"patient": "x"})
    record.pop("size")
    with pytest.raises(ValueError, match="differ"):
        distilled.recipe_from_json(record)


def test_a_newer_recipe_is_refused(small):
    with pytest.raises(ValueError, match="format 99"):
        distilled.recipe_from_json(distilled.recipe_to_json(small.recipe) | {"format": 99})


def test_shown_images_are_clipped_and_rounded():
    images = np.array([[-1.0, 0.0], [0.5, 2.0]], np.float32).reshape(1, 1, 2, 2)
    assert distilled.displayed(images).tolist() == [[[0, 0], [128, 255]]]
    assert distilled.displayed(np.zeros((2, 3, 4, 5), np.float32)).shape == (2, 4, 5, 3)


@pytest.mark.parametrize(
    ("label", "hard", "probabilities"),
    [
        ([0.0, 1.0], True, True),
        ([0.3, 0.7], False, True),
        ([1.0, 1.0], False, False),
        ([0.0, 0.0], False, False),
        ([-0.5, 1.5], False, False),
    ],
)
def test_kinds_of_labels(label, hard, probabilities):
    labels = np.array([[1.0, 0.0], label], np.float32)
    assert are_hard(labels) is hard
    assert are_probabilities(labels) is probabilities
