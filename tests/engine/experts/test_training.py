"""Experts: plain SGD as by an independent loop, independent of each other and of interruptions."""

import itertools
import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_run import NETWORK, small_config, small_data, small_store, trained, with_options
from torch import nn

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import DivergedError, Stopped
from meddistill_gui.core.events import Metric, Progress
from meddistill_gui.engine import augment
from meddistill_gui.engine.experts import training
from meddistill_gui.engine.experts.batches import epoch_order
from meddistill_gui.engine.seeding import generator

PROGRAM = Path(__file__).with_name("small_run.py")


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_expert_is_plain_sgd_on_the_drawn_batches(tmp_path):
    """Against torch.nn layers and torch.optim.SGD, fed with the same draws."""
    store, _ = trained(tmp_path)
    data, config = small_data(), small_config()
    layers = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.GroupNorm(4, 4),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 3),
    )
    nn.utils.vector_to_parameters(store.theta(1, 0), layers.parameters())
    optimiser = torch.optim.SGD(layers.parameters(), lr=0.05)
    for epoch in range(1, store.epochs + 1):
        random = generator(config.seed, "expert", 1, "epoch", epoch)
        order = epoch_order(data.labels, 3, random, balanced=True)
        for batch in order.split(8):  # wanted are 16, but a set this small is gone through by 8
            drawn = augment.draw("radiograph", len(batch), 8, random)
            scores = layers(augment.apply(data.images[batch], drawn))
            optimiser.zero_grad()
            nn.functional.cross_entropy(scores, data.labels[batch]).backward()
            optimiser.step()
        expected = nn.utils.parameters_to_vector(layers.parameters())
        torch.testing.assert_close(store.theta(1, epoch), expected.detach(), rtol=1e-4, atol=1e-5)


def test_a_smoothed_expert_keeps_and_goes_on_with_the_mean_of_its_last_steps(tmp_path):
    """Against autograd and a list of all parameters; the first epoch's mean is where the second begins."""
    options = {"max_start": 1, "expert_epochs": 2, "expert_rate": 0.1, "expert_mean": 0.5}
    config, data = with_options(small_config(), **options), small_data()
    store, _ = trained(tmp_path, config)
    theta = store.theta(0, 0)
    for epoch in (1, 2):
        random = generator(config.seed, "expert", 0, "epoch", epoch)
        way = []
        for batch in epoch_order(data.labels, 3, random, balanced=True).split(8):
            drawn = augment.draw("radiograph", len(batch), 8, random)
            leaf = theta.requires_grad_()
            scores = NETWORK.logits(leaf, augment.apply(data.images[batch], drawn))
            loss = nn.functional.cross_entropy(scores, data.labels[batch])
            theta = (leaf - 0.1 * torch.autograd.grad(loss, leaf)[0]).detach()
            way.append(theta)
        assert len(way) == 8
        theta = torch.stack(way[4:]).mean(dim=0)
        torch.testing.assert_close(store.theta(0, epoch), theta, rtol=1e-4, atol=1e-5)


def test_experts_that_a_method_wants_otherwise_are_other_experts():
    plain, data = with_options(small_config(), max_start=3, expert_epochs=2), small_data()
    smooth = with_options(small_config(), max_start=3, expert_epochs=2, expert_mean=0.5)
    quick = with_options(small_config(), max_start=3, expert_epochs=2, expert_rate=0.1)
    named = {training.experts_digest(config, data) for config in (plain, smooth, quick)}
    assert len(named) == 3
    assert training.experts_digest(small_config(), data) in named


def test_snapshots_are_no_aliases_and_experts_differ(tmp_path):
    store, _ = trained(tmp_path)
    thetas = [store.theta(e, k) for e in range(3) for k in range(store.epochs + 1)]
    for place, one in enumerate(thetas):
        assert not any(torch.equal(one, other) for other in thetas[:place])


def test_only_epochs_that_a_segment_can_reach_are_trained():
    assert training.epochs_needed(small_config()) == 4  # starts 0, 1, 2 and 2 epochs on
    assert training.epochs_needed(with_options(small_config(), max_start=1, expert_epochs=1)) == 1
    assert training.epochs_needed(replace(small_config(), options=object())) == 0


def test_a_short_run_is_the_beginning_of_a_long_one(tmp_path):
    short, _ = trained(tmp_path / "short")
    long, _ = trained(tmp_path / "long", with_options(small_config(), max_start=5, expert_epochs=2))
    for expert in range(3):
        for epoch in range(short.epochs + 1):
            assert torch.equal(short.theta(expert, epoch), long.theta(expert, epoch))


def test_an_expert_does_not_depend_on_how_many_there_are(tmp_path):
    few, _ = trained(tmp_path / "few", small_config(count=1))
    many, _ = trained(tmp_path / "many", small_config(count=3))
    assert few.path(0).read_bytes() == many.path(0).read_bytes()


def test_more_experts_can_be_added_later(tmp_path):
    trained(tmp_path / "a", small_config(count=1))
    before = files(tmp_path / "a")
    grown, _ = trained(tmp_path / "a", small_config(count=3))
    trained(tmp_path / "b", small_config(count=3))
    assert grown.count == 3
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert before.items() <= files(tmp_path / "a").items()


def test_events_count_epochs_to_the_end(tmp_path):
    _, events = trained(tmp_path)
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert done[-1] == 12
    assert {event.total for event in events if isinstance(event, Progress)} == {12}
    losses = [event.value for event in events if isinstance(event, Metric)]
    assert len(losses) == 12
    assert losses[3] < losses[0]


FORMS = {"every epoch": {}, "half precision": {"half": True}, "waypoints": {"waypoints": 3}}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_stop_in_mid_epoch_keeps_complete_epochs_and_goes_on_to_the_same_bytes(tmp_path, form):
    config = small_config(**form)
    trained(tmp_path / "whole", config)
    control, data = Control(), small_data()
    store = small_store(tmp_path / "cut", config, data)
    work = training.train_experts(config, NETWORK, data, store, control)
    metrics = (event for event in work if isinstance(event, Metric))
    assert len(list(itertools.islice(metrics, 6))) == 6  # second expert, second epoch
    control.request_stop()
    with pytest.raises(Stopped):
        next(metrics)
    assert store.count == 1
    assert len(store.load_growing(1)) == 3
    trained(tmp_path / "cut", config)
    assert files(tmp_path / "cut") == files(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_again_and_again_gives_the_same_bytes_as_uninterrupted(tmp_path):
    form = {"waypoints": 3}  # what is kept of a growing expert is the same in every form

    def run(folder, *suicide):
        command = [sys.executable, str(PROGRAM), str(folder), json.dumps(form), *suicide]
        return subprocess.run(command, check=False, timeout=120).returncode

    for epochs in ("2", "5"):
        assert run(tmp_path / "killed", epochs) == -signal.SIGKILL
    assert run(tmp_path / "killed") == 0
    trained(tmp_path / "whole", small_config(**form))
    assert files(tmp_path / "killed") == files(tmp_path / "whole")


def test_nothing_is_trained_twice(tmp_path):
    trained(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    _, events = trained(tmp_path)
    assert before == {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert not [event for event in events if isinstance(event, Metric)]
    assert events[-1].done == events[-1].total


def test_divergence_is_a_sentence_and_stores_nothing(tmp_path):
    with pytest.raises(DivergedError, match=r"Expert 1.*smaller experts.learning_rate"):
        trained(tmp_path, small_config(learning_rate=1e30))
    assert not list(tmp_path.glob("expert-*"))


def test_the_digest_names_what_experts_depend_on_and_nothing_else():
    config, data = small_config(), small_data()
    digest = training.experts_digest(config, data)
    assert digest == training.experts_digest(
        small_config(count=9, epochs=20, half=True), small_data()
    )
    assert digest == training.experts_digest(small_config(waypoints=3), data)
    assert digest == training.experts_digest(replace(config, name="another"), data)
    moved = replace(data, images=data.images.clone())
    moved.images[7, 0, 3, 3] += 1e-3
    other = [
        (config, moved),
        (config, replace(data, labels=data.labels.flip(0))),
        (replace(config, seed=1), data),
        (replace(config, augmentation="none"), data),
        (small_config(learning_rate=0.01), data),
        (small_config(balanced=False), data),
        (small_config(flatness=0.1), data),
    ]
    assert digest not in {training.experts_digest(*pair) for pair in other}


def test_balanced_experts_are_surer_of_the_rare_class(tmp_path):
    data, sure = small_data(), {}
    for balanced in (True, False):
        store, _ = trained(tmp_path / str(balanced), small_config(balanced=balanced))
        scores = NETWORK.logits(store.theta(0, store.epochs), data.images)
        sure[balanced] = float(scores.softmax(1)[data.labels == 2, 2].mean())
    assert sure[True] > sure[False] + 0.1


def test_flat_experts_are_others_and_resume_alike(tmp_path):
    plain, _ = trained(tmp_path / "plain")
    flat, events = trained(tmp_path / "flat", small_config(flatness=0.01))
    assert torch.equal(plain.theta(0, 0), flat.theta(0, 0))
    assert not torch.equal(plain.theta(0, 1), flat.theta(0, 1))
    losses = [event.value for event in events if isinstance(event, Metric)]
    assert losses[3] < losses[0]
