"""Segment matching: its step against one plain autograd computation of the same loss, labels and rate included."""

import dataclasses
import math

import pytest
import torch

from meddistill_gui.engine import augment, starting
from meddistill_gui.engine.matching import descent
from meddistill_gui.engine.matching.segments import Learning, SegmentMatching
from meddistill_gui.engine.samplers.batches import student_steps
from meddistill_gui.engine.samplers.segments import Segment
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.tensors import normaliser_of


class _Experts:
    count = 1

    def __init__(self, network) -> None:
        self._network = network

    def theta(self, expert: int, epoch: int) -> torch.Tensor:
        start = self._network.initial(generator(expert, "expert"))
        return start + 0.03 * epoch * torch.randn(len(start), generator=generator(0, "way"))


@pytest.fixture
def setting(small_config, real):
    train = real(16)
    made = starting.make_setting(small_config(images_per_class=2), train, normaliser_of(train))
    return dataclasses.replace(made, experts=_Experts(made.network))


def matching(**changes: object) -> SegmentMatching:
    learning = Learning(image_rate=2.0, momentum=0.5, rate_rate=0.3, student_rate=0.05, rate_bounds=(0.001, 0.5), label_rate=1.5, average=0.9)  # fmt: skip
    made = SegmentMatching(iterations=5, inner_steps=3, batch=3, learning=learning, sampler=lambda *_: Segment(expert=0, start=1, end=3))  # fmt: skip
    return dataclasses.replace(made, **changes)


def test_a_step_is_gradient_descent_on_the_published_loss(setting) -> None:
    method = matching()
    state = dict(method.setup(setting, torch.randn(4, 1, 8, 8, generator=generator(0, "x"))))
    report = method.step(setting, state, 7)

    leaves = [state[name].clone().requires_grad_() for name in ("images", "labels", "rates")]
    images, labels, raw = leaves
    theta = setting.experts.theta(0, 1).requires_grad_()
    way = theta
    plan = student_steps(seed=setting.seed, iteration=7, count=4, batch=3, steps=3, preset=setting.augmentation, size=8, device=torch.device("cpu"))  # fmt: skip
    for step in plan:
        scores = setting.network.logits(way, augment.apply(images[step.images], step.draw))
        loss = -(labels.softmax(1)[step.images] * scores.log_softmax(1)).sum(1).mean()
        way = way - torch.nn.functional.softplus(raw)[0] * torch.autograd.grad(loss, way, create_graph=True)[0]  # fmt: skip
    target = setting.experts.theta(0, 3)
    objective = (way - target).square().sum() / (theta - target).square().sum()
    slopes = torch.autograd.grad(objective, leaves)

    assert report.loss == pytest.approx(float(objective.detach()), rel=1e-5)
    for name, slope, rate in zip(("images", "labels"), slopes, (2.0, 1.5), strict=False):
        assert torch.allclose(report.state[name], state[name] - rate * slope, atol=1e-5)
    assert torch.allclose(report.state["rates"], raw.detach() - (0.3 * slopes[2]).clamp(-0.1, 0.1), atol=1e-5)  # fmt: skip
    mean = 0.9 * state["images"] + 0.1 * report.state["images"]
    assert torch.allclose(report.state["images.average"], mean, atol=1e-6)
    assert torch.equal(method.result(setting, report.state).images, report.state["images.average"])


def test_memory_and_micro_batches_do_not_change_the_step(setting) -> None:
    images = torch.randn(4, 1, 8, 8, generator=generator(0, "x"))
    reports = []
    for changes in ({"memory": "stored"}, {"memory": "replay"}, {"memory": "replay", "micro_batch": 2}):  # fmt: skip
        method = matching(**changes)
        reports.append(method.step(setting, method.setup(setting, images), 0))
    for other in reports[1:]:
        assert other.loss == pytest.approx(reports[0].loss, rel=1e-5)
        assert torch.allclose(other.state["images"], reports[0].state["images"], atol=1e-4)


def test_the_shape_term_reaches_the_images_through_the_middle_and_the_end(setting) -> None:
    """Against plain autograd through all steps of distance and shape together."""
    method = matching(shape=2.0, memory="replay")
    state = dict(method.setup(setting, torch.randn(4, 1, 8, 8, generator=generator(0, "x"))))
    report = method.step(setting, state, 7)
    images = state["images"].clone().requires_grad_()
    start, middle, target = (setting.experts.theta(0, epoch) for epoch in (1, 2, 3))
    way = [start.clone().requires_grad_()]
    plan = student_steps(seed=setting.seed, iteration=7, count=4, batch=3, steps=3, preset=setting.augmentation, size=8, device=torch.device("cpu"))  # fmt: skip
    for step in plan:
        scores = setting.network.logits(way[-1], augment.apply(images[step.images], step.draw))
        loss = -(state["labels"].softmax(1)[step.images] * scores.log_softmax(1)).sum(1).mean()
        (slope,) = torch.autograd.grad(loss, way[-1], create_graph=True)
        way.append(way[-1] - torch.nn.functional.softplus(state["rates"])[0] * slope)

    def cosines(one, two, three):
        a, b, c = two - one, three - one, three - two
        pairs = ((a, b), (a, c), (b, c))
        return torch.stack([(x @ y) / (x.norm() * y.norm()) for x, y in pairs])

    distance = (way[-1] - target).square().sum() / (start - target).square().sum()
    bent = cosines(start, way[1], way[3]) - cosines(start, middle, target)
    gap = bent.abs()
    shape = torch.where(gap < 1, gap.square() / 2, gap - 0.5).mean()
    (expected,) = torch.autograd.grad(distance + 2.0 * shape, images)
    assert torch.allclose(report.state["images"], state["images"] - 2.0 * expected, atol=1e-4)
    plain = matching(memory="replay").step(setting, state, 7)
    assert not torch.allclose(report.state["images"], plain.state["images"], atol=1e-4)


def test_soft_labels_start_sure_of_their_class(setting) -> None:
    method = matching()
    shares = method.result(setting, method.setup(setting, torch.zeros(4, 1, 8, 8))).labels
    assert torch.allclose(shares[torch.arange(4), setting.labels], torch.tensor(0.9))


def test_a_loss_above_the_gate_changes_nothing(setting) -> None:
    method = matching(skip_above=1e-6)
    state = method.setup(setting, torch.zeros(4, 1, 8, 8))
    report = method.step(setting, state, 0)
    assert report.skipped
    assert report.state is state
    assert math.isfinite(report.loss)


def test_an_expert_that_did_not_move_is_skipped(setting) -> None:
    method = matching(sampler=lambda *_: Segment(expert=0, start=1, end=1))
    state = method.setup(setting, torch.zeros(4, 1, 8, 8))
    assert method.step(setting, state, 0).skipped == "no parameter was left to match"


def test_the_rate_is_that_of_the_options_at_first(setting) -> None:
    method = matching()
    state = method.setup(setting, torch.zeros(4, 1, 8, 8))
    assert float(descent.rate_of_raw(state["rates"])) == pytest.approx(0.05)
