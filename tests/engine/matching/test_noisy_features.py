"""The bounded method: after its one release nothing of a patient is read, and refusals come before anything is released."""

import dataclasses

import numpy as np
import pytest
import torch

from meddistill_gui.core.config import validate
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import ConfigError, SplitError
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.engine import checkpoint, runner, starting
from meddistill_gui.engine.bounded import normaliser_for
from meddistill_gui.engine.matching.noisy_features import NoisyFeatureMatching, made_up_pictures
from meddistill_gui.engine.matching.noisy_release import FEATURE_LENGTH
from meddistill_gui.engine.registry import make_method

MACHINE = NoisyFeatureMatching(
    iterations=4,
    epsilon=1000.0,
    delta=1e-5,
    networks=2,
    image_rate=1.0,
    momentum=0.5,
    student_rate=0.01,
)


@pytest.fixture
def config(small_config):
    return small_config(
        "noisy_distribution", images_per_class=2, options__epsilon=1000.0, options__networks=2
    )


def setting_for(config, train):
    return starting.make_setting(config, train, normaliser_for(config, train))


def test_a_step_reads_no_training_image(config, real):
    setting = setting_for(config, real(24))
    state = MACHINE.setup(setting, starting.first_images(config, setting))
    gone = dataclasses.replace(
        setting.train, images=torch.full_like(setting.train.images, torch.nan)
    )
    blind = dataclasses.replace(setting, train=gone)
    for iteration in range(4):
        seen, unseen = (MACHINE.step(one, state, iteration) for one in (setting, blind))
        assert torch.equal(seen.state["images"], unseen.state["images"])
        assert seen.loss == unseen.loss
        state = seen.state
    assert torch.equal(MACHINE.result(blind, state).images, state["images"])


def test_what_is_not_noised_does_not_depend_on_the_patients(config, real):
    """Centre, scale and normalisation are the same for other patients of the same options."""
    first, second = (setting_for(config, real(24, seed=seed)) for seed in (0, 1))
    assert torch.equal(made_up_pictures(first), made_up_pictures(second))
    states = [MACHINE.setup(one, starting.first_images(config, one)) for one in (first, second)]
    for name in ("images", "frame.centre", "frame.scale", "image.rate"):
        assert torch.equal(states[0][name], states[1][name]), name
    assert normaliser_for(config, real(24)) == normaliser_for(config, real(24, seed=1))


def test_released_means_are_those_of_the_patients_when_there_is_next_to_no_noise(config, real):
    train = real(24)
    setting = setting_for(config, train)
    machine = dataclasses.replace(MACHINE, epsilon=float("inf"), refuses=False)
    state = machine.setup(setting, starting.first_images(config, setting))
    for number in range(2):
        features = machine._features(setting, state, setting.train.images, number)
        assert float(features.norm(dim=1).max()) <= 1 + 1e-6
        for label in range(2):
            wanted = features[setting.train.labels == label].mean(0)
            found = state["released.means"][label, number]
            assert torch.allclose(found, wanted, atol=1e-5)
    assert state["released.patients"].tolist() == pytest.approx([12, 12])
    assert pytest.approx(0.954, abs=1e-3) == FEATURE_LENGTH


def test_it_is_refused_where_noise_would_drown_everything(config, real):
    setting = setting_for(config, real(24))
    strict = dataclasses.replace(MACHINE, epsilon=1.0)
    with pytest.raises(ConfigError, match="is refused: the noise on the smallest class"):
        strict.setup(setting, starting.first_images(config, setting))


def test_it_is_refused_where_a_patient_is_not_known(config, real):
    train = real(24)
    unknown = train.patients.copy()
    unknown[5] = -1
    train = dataclasses.replace(train, patients=unknown)
    setting = setting_for(config, train)
    with pytest.raises(SplitError, match="needs every image's patient"):
        MACHINE.setup(setting, starting.first_images(config, setting))


def test_it_does_not_start_from_real_images(small_config):
    config = small_config("noisy_distribution", initialisation="real")
    with pytest.raises(ConfigError, match="initialisation must be noise"):
        validate(config)


def test_a_run_keeps_its_last_set_whatever_validation_says(config, real, tmp_path, monkeypatch):
    """A choice among iterations by patients' images would be a look at them that no noise covers."""
    scores = iter([0.9, 0.5, 0.1, 0.1, 0.1])

    def falling(*_args, **_named):
        if False:
            yield
        return next(scores)

    monkeypatch.setattr(runner, "balanced_accuracy", falling)
    folder = RunFolder(tmp_path / "run")
    folder.root.mkdir()
    list(runner.distill(config, folder, real(24), real(8, seed=1), Control()))
    found = checkpoint.load(folder.checkpoint, starting.run_digest(config, real(24)), torch.device("cpu"))  # fmt: skip
    assert found is not None
    assert found.best is not None
    assert found.best.iteration == 4
    assert torch.equal(found.best.learned.images, found.state["images"])


def test_a_run_that_goes_on_does_not_look_again(config, real, tmp_path, monkeypatch):
    """Killed right after its beginning, it goes on with the release it made: a second one would be a second bound."""
    folder = RunFolder(tmp_path / "run")
    folder.root.mkdir()
    for event in runner.distill(config, folder, real(24), real(8, seed=1), Control()):
        assert event
        break
    digest = starting.run_digest(config, real(24))
    begun = checkpoint.load(folder.checkpoint, digest, torch.device("cpu"))
    assert begun is not None, "the release was not written down before anything was made of it"

    def looked(*_args, **_named):
        raise AssertionError("looked at the patients again")

    monkeypatch.setattr("meddistill_gui.engine.matching.noisy_features.released", looked)
    list(runner.distill(config, folder, real(24), real(8, seed=1), Control()))
    ended = checkpoint.load(folder.checkpoint, digest, torch.device("cpu"))
    assert ended is not None
    assert torch.equal(begun.state["released.means"], ended.state["released.means"])


def test_nothing_of_the_noise_is_stored(config, real):
    setting = setting_for(config, real(24))
    state = make_method(config).setup(setting, starting.first_images(config, setting))
    kept = {"images", "images.velocity", "image.rate", "frame.centre", "frame.scale", "released.means", "released.patients"}  # fmt: skip
    assert state.keys() == kept
    assert state["released.means"].shape == (2, 2, 16)
    assert np.isfinite(float(state["released.patients"].sum()))
