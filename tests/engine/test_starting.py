import dataclasses

import numpy as np
import pytest
import torch

from meddistill_gui.core.config import option
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.engine import starting
from meddistill_gui.engine.footprint import footprint
from meddistill_gui.engine.tensors import normaliser_of


def setting_of(config, train):
    return starting.make_setting(config, train, normaliser_of(train))


def test_starts_from_noise_that_the_seed_decides(small_config, real) -> None:
    config = small_config(images_per_class=3)
    setting = setting_of(config, real(24))
    images = starting.first_images(config, setting)
    assert images.shape == (6, 1, 8, 8)
    assert torch.equal(images, starting.first_images(config, setting_of(config, real(24, seed=5))))
    assert float(images.std()) == pytest.approx(1, abs=0.15)
    assert setting.labels.tolist() == [0, 0, 0, 1, 1, 1]


def test_starts_from_different_real_images_of_the_right_class_where_asked(small_config, real) -> None:  # fmt: skip
    config = small_config(images_per_class=3, initialisation="real")
    setting = setting_of(config, real(24))
    images = starting.first_images(config, setting)
    for image, label in zip(images, setting.labels, strict=True):
        same = (setting.train.images == image).flatten(1).all(1)
        assert setting.train.labels[same].tolist() == [int(label)]
    assert len(torch.unique(images, dim=0)) == 6
    images.add_(1)
    assert setting.train.images.max() != images.max(), "training images must not be changed"


@pytest.mark.parametrize("change", [{"seed": 1}, {"iterations": 9}, {"options__inner_steps": 3}, {"method": "distribution"}])  # fmt: skip
def test_the_digest_names_options(small_config, real, change) -> None:
    same, train = starting.run_digest(small_config(), real(6)), real(6)
    assert starting.run_digest(small_config(), train) == same
    assert starting.run_digest(small_config(**change), train) != same


def test_an_option_of_a_later_version_changes_no_digest_until_it_is_used(
    small_config, real
) -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Later(DistillConfig):
        zoom: float = option(1.0, text="Zoom.", minimum=0.0)

    config, train = small_config(), real(6)
    known = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    digest = starting.run_digest(config, train)
    assert starting.run_digest(Later(**known), train) == digest
    assert starting.run_digest(Later(**known, zoom=2.0), train) != digest


def test_the_digest_names_images_and_labels_but_no_place(small_config, real, tmp_path) -> None:
    train = real(6)
    before = starting.run_digest(small_config(), train)
    assert starting.run_digest(small_config(name="other", project=tmp_path / "x"), train) == before
    train.images[3, 0, 2, 2] ^= 1
    changed = starting.run_digest(small_config(), train)
    assert changed != before
    train.labels[0] = 1 - train.labels[0]
    assert starting.run_digest(small_config(), train) not in {before, changed}


def test_members_are_the_images_of_each_class(small_config, real) -> None:
    setting = setting_of(small_config(), real(9))
    found = [members.tolist() for members in setting.members]
    assert found == [np.flatnonzero(real(9).labels == k).tolist() for k in (0, 1)]


@pytest.mark.parametrize("initialisation", ["noise", "real"])
def test_the_ledger_names_the_images_that_the_first_ones_are(small_config, real, initialisation) -> None:  # fmt: skip
    config = small_config(images_per_class=3, initialisation=initialisation)
    train = real(24)
    setting = setting_of(config, train)
    images = starting.first_images(config, setting)
    ledger = starting.ledger_of(config, setting, train, real(6, role="validation"))
    assert (len(ledger.training), len(ledger.validation)) == (24, 6)
    for image, started in zip(images, ledger.started_from, strict=True):
        if initialisation == "noise":
            assert started is None
        else:
            row = int(np.flatnonzero(train.ids == started)[0])
            assert torch.equal(image, setting.train.images[row])


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({"options__memory": "stored", "options__inner_steps": 400}, True),
        ({"options__memory": "stored", "options__inner_steps": 10}, False),
        ({"options__memory": "auto", "options__inner_steps": 400}, False),
        ({"options__memory": "replay", "images_per_class": 200}, True),
        ({"options__memory": "replay", "images_per_class": 200, "options__micro_batch": 4}, False),
        ({"method": "distribution", "images_per_class": 200}, False),
    ],
)
def test_more_steps_than_memory_are_refused_before_anything_runs(small_config, real, monkeypatch, options, refused):  # fmt: skip
    monkeypatch.setattr(starting.devices, "memory_bytes", lambda _: 2 * 10**6)
    config = small_config(**options)
    setting = setting_of(config, real(24))
    if not refused:
        starting.refuse_too_large(config, setting)
    else:
        with pytest.raises(ConfigError, match=r"needs about .* GB for \d+ steps on \d+ images"):
            starting.refuse_too_large(config, setting)


@pytest.mark.parametrize("width", [4, 64])
@pytest.mark.parametrize("stored", [False, True])
def test_what_is_said_to_fit_easily_fits(small_config, real, monkeypatch, width, stored):
    """The quick bound never lies below the exact count."""
    config = small_config(network__width=width, images_per_class=20, options__inner_steps=5)
    setting, steps = setting_of(config, real(24)), 5
    graphs = 40 * (steps if stored else 1)
    exact = footprint(setting.network, (1, 8, 8), steps=steps, batch=40, memory="stored" if stored else "replay").total  # fmt: skip
    monkeypatch.setattr(starting.devices, "memory_bytes", lambda _: exact)
    assert not starting._fits_easily(config, setting, graphs=graphs, steps=steps)
