"""What every distillation method must do, whoever wrote it: parametrised over the registry."""

import ast
import dataclasses
import inspect
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from meddistill_gui.core import distilled
from meddistill_gui.core.config import options_of, problems, with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.methods import METHOD_OPTIONS
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Frame, Metric, Progress
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.core.specs import METHODS as SPECS
from meddistill_gui.engine import runner, starting
from meddistill_gui.engine.bounded import is_bounded
from meddistill_gui.engine.method import Setting
from meddistill_gui.engine.registry import METHODS, make_method
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.tensors import normaliser_of

pytestmark = pytest.mark.parametrize("name", sorted(METHODS))
_CLASSES, _SIZE = 2, 8


def real(count: int, *, channels: int = 1, seed: int = 0) -> RealImages:
    random = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.int64) % _CLASSES
    images = random.integers(0, 128, (count, channels, _SIZE, _SIZE), dtype=np.uint8)
    images[labels == 1, :, : _SIZE // 2] += 100
    return RealImages(
        images=images,
        labels=labels,
        patients=np.arange(count),
        ids=np.arange(count),
        class_names=("a", "b"),
        role="train",
    )


def config_of(name: str, project: Path = Path("project"), **values: object) -> DistillConfig:
    small: dict[str, object] = {
        "images.size": _SIZE,
        "network.depth": 2,
        "network.width": 4,
        "experts.count": 2,
        "experts.batch": 8,
        "evaluation.steps": 3,
        "evaluation.every": 2,
        "evaluation.validation_students": 1,
        "iterations": 2,
        "images_per_class": 2,
        "device": "cpu",
    }
    config = with_values(DistillConfig(project=project), {"method": name})
    known = {one.path for one in options_of(config)}
    short = {"options.warm_start": 1, "options.inner_steps": 2, "options.overlap_every": 1}
    short |= {"options.epsilon": 1000.0}  # next to no noise: 16 patients bear no other bound
    short |= {"options.student_steps": 3}
    short |= {"options.images": 4}  # two of each class, as the others have by images_per_class
    small |= {path: value for path, value in short.items() if path in known}
    small |= {path.replace("__", "."): value for path, value in values.items()}
    return with_values(config, small)


class _Experts:
    """Experts that walk away from where they began."""

    count = 2

    def __init__(self, parameters: int) -> None:
        self._parameters = parameters

    def theta(self, expert: int, epoch: int) -> torch.Tensor:
        random = generator(0, "expert", expert)
        start = 0.3 * torch.randn(self._parameters, generator=random)
        return start + 0.02 * epoch * torch.randn(self._parameters, generator=random)


def setting_of(config: DistillConfig) -> Setting:
    train = real(16, channels=config.images.channels)
    setting = starting.make_setting(config, train, normaliser_of(train))
    experts = _Experts(setting.network.parameter_count)
    return dataclasses.replace(setting, experts=experts)


def test_has_options_and_a_spec_that_say_where_it_comes_from(name: str) -> None:
    assert name in METHOD_OPTIONS
    spec = SPECS[name]
    assert spec.name == name
    assert spec.sentence.endswith(".")
    assert re.search(r"\d{4}\.\d{5}", spec.paper)
    assert len(spec.standing) > 10


def test_its_file_names_the_paper_and_stays_small(name: str) -> None:
    module = sys.modules[METHODS[name].__module__]
    assert module.__doc__
    assert re.search(r"arXiv \d{4}\.\d{5}", module.__doc__)
    source = inspect.getsource(module)
    assert len(source.splitlines()) <= 250
    imported = [node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]  # fmt: skip
    assert not any(where.startswith("meddistill_gui.engine.methods") for where in imported)


def test_its_default_options_are_allowed(name: str) -> None:
    config = with_values(DistillConfig(project=Path("p")), {"method": name})
    assert problems(config) == ()


@pytest.mark.parametrize("channels", [1, 3])
def test_two_steps_move_the_images_and_only_as_told(name: str, channels: int) -> None:
    config = config_of(name, images__channels=channels)
    setting, method = setting_of(config), make_method(config)
    begun = starting.first_images(config, setting)
    state = method.setup(setting, begun)
    total = sum(phase.iterations for phase in method.phases)
    for iteration in range(total):
        before = {key: value.clone() for key, value in state.items()}
        report = method.step(setting, state, iteration)
        again = method.step(setting, state, iteration)
        assert report.state.keys() == again.state.keys()
        for key, value in report.state.items():
            assert torch.equal(value, again.state[key]), f"{key} differs the second time"
            assert value.isfinite().all()
            assert not value.requires_grad
        for key, value in before.items():
            assert torch.equal(value, state[key]), f"{key} was changed in place"
        assert np.isfinite(report.loss)
        state = report.state
    learned = method.result(setting, state)
    assert learned.images.shape == (4, channels, _SIZE, _SIZE)
    assert learned.images.dtype == torch.float32
    moved = (learned.images - begun).flatten(1).abs().amax(dim=1)
    assert (moved > 0).all(), "an image did not move"
    assert learned.labels.shape == (4, _CLASSES)
    if "order" not in method.recipe(
        setting
    ):  # who prescribes the steps may weigh classes as it likes
        assert torch.allclose(learned.labels.sum(1), torch.ones(4))
    assert torch.equal(learned.labels.argmax(1), setting.labels)
    assert (learned.rates > 0).all()


def test_the_result_can_be_had_at_any_moment(name: str) -> None:
    config = config_of(name)
    setting, method = setting_of(config), make_method(config)
    state = method.setup(setting, starting.first_images(config, setting))
    assert method.result(setting, state).images.shape == (4, 1, _SIZE, _SIZE)


def test_goes_on_after_a_divergence_at_rest_and_more_slowly(name: str) -> None:
    config = config_of(name)
    setting, method = setting_of(config), make_method(config)
    state = method.setup(setting, starting.first_images(config, setting))
    for iteration in range(sum(phase.iterations for phase in method.phases)):
        calm = method.restarted(setting, state, torch.full((4, 1, _SIZE, _SIZE), 0.5))
        assert calm.keys() == state.keys()
        assert torch.equal(
            method.result(setting, calm).images, torch.full((4, 1, _SIZE, _SIZE), 0.5)
        )
        velocities = [key for key in calm if key.endswith("velocity") and "trial" not in key]
        assert velocities
        assert not any(calm[key].any() for key in velocities)
        rate = next(key for key in calm if key.endswith("image.rate") and "trial" not in key)
        assert float(calm[rate]) == pytest.approx(float(state[rate]) / 2)
        state = method.step(setting, state, iteration).state


def test_does_not_touch_the_global_generators(name: str) -> None:
    config = config_of(name)
    setting, method = setting_of(config), make_method(config)
    torch_state, numpy_state = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002 - the legacy generator is the global one
    state = method.setup(setting, starting.first_images(config, setting))
    method.step(setting, state, 0)
    assert torch.equal(torch_state, torch.random.get_rng_state())
    assert np.array_equal(numpy_state, np.random.get_state()[1])  # noqa: NPY002 - the legacy generator is the global one


def test_another_seed_gives_other_images(name: str) -> None:
    results = []
    for seed in (0, 1):
        config = config_of(name, seed=seed)
        setting, method = setting_of(config), make_method(config)
        state = method.setup(setting, starting.first_images(config, setting_of(config_of(name))))
        results.append(method.result(setting, method.step(setting, state, 0).state).images)
    assert not torch.equal(*results)


@pytest.mark.slow
def test_runs_whole_and_says_so_in_order(name: str, tmp_path: Path) -> None:
    config = config_of(name)
    folder = RunFolder(tmp_path / "run")
    folder.root.mkdir()
    phases = [phase.name for phase in make_method(config).phases]
    results = []
    for _ in range(2):
        events = list(runner.distill(config, folder, real(16), real(8, seed=1), Control()))
        results.append(folder.result.read_bytes())
        said = list(dict.fromkeys(e.phase for e in events if isinstance(e, Progress)))
        assert [phase for phase in said if phase in phases] == phases
        assert any(isinstance(e, Metric) and e.name == "loss" for e in events)
        assert any(isinstance(e, Frame) for e in events)
        folder.checkpoint.unlink()
    if is_bounded(config):
        assert results[0] != results[1], "noise that can be drawn again is no noise"
    else:
        assert results[0] == results[1], "the same seed must give the same bytes"
    assert distilled.load(folder.result).recipe.method == name
