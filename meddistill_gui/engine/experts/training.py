"""Training experts: SGD, plain or towards flat minima, on the real images, with the parameters kept after every epoch (paper A; arXiv 2203.11932).

Images stay on the device as one tensor; batches are indexed and augmented there. Everything random about an expert's
epoch comes from (seed, expert, epoch), so an expert does not depend on which others are trained, nor on interruptions, and
a shorter run is the beginning of a longer one.

Measured on a CPU (ConvNet depth 3, width 32, 32 x 32): several experts at once through `torch.func.vmap` take 2 to 3 times
longer per expert than one after the other at any batch from 4 to 256, so experts are trained one by one; and a batch of
256 in parts that fit the cache takes two thirds of its time in one piece, so a CPU works in parts.
"""

import hashlib
import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

import torch
from torch import Tensor

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import DivergedError, Stopped
from meddistill_gui.core.events import Event, Metric, Progress
from meddistill_gui.engine import augment, processes
from meddistill_gui.engine.experts.batches import epoch_order, flat_gradient, step_batch
from meddistill_gui.engine.experts.store import TrajectoryStore
from meddistill_gui.engine.networks.network import Network
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.tensors import TrainingTensors

PHASE: Final = "training experts"
_SAVE_SECONDS: Final = 5.0
_CHUNK: Final = 1024


def epochs_needed(config: DistillConfig) -> int:
    """The last epoch that any segment can reach: later ones would be trained for nothing. 0: the method has no segments.

    Segments start at 0 .. max_start - 1 and are `expert_epochs` long.
    """
    start = getattr(config.options, "max_start", 0)
    length = getattr(config.options, "expert_epochs", 0)
    return min(config.experts.epochs, start - 1 + length) if start and length else 0


def experts_digest(config: DistillConfig, data: TrainingTensors) -> str:
    """Names everything an expert depends on but its number: images, labels, network, options, seed. Hex SHA-256."""
    experts = {
        name: value
        for name, value in asdict(config.experts).items()
        if name not in {"count", "first", "epochs", "half", "waypoints"}
    }
    said = {
        "experts": experts | _wanted(config),
        "network": asdict(config.network),
        "augmentation": config.augmentation,
        "seed": config.seed,
        "shape": list(data.images.shape),
        "classes": data.classes,
    }
    found = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for tensor in (data.labels, *torch.split(data.images, _CHUNK)):
        found.update(tensor.cpu().contiguous().numpy().data)
    return found.hexdigest()


def _wanted(config: DistillConfig) -> dict[str, float]:
    """How the method wants its experts trained, where it does not take them as `config.experts` says."""
    rate = getattr(config.options, "expert_rate", 0.0)
    mean = getattr(config.options, "expert_mean", 0.0)
    return ({"learning_rate": rate} if rate else {}) | ({"mean": mean} if mean else {})


def train_experts(
    config: DistillConfig,
    network: Network,
    data: TrainingTensors,
    store: TrajectoryStore,
    control: Control,
) -> Iterator[Event]:
    """Train the experts that the store lacks, up to the store's number of epochs; several processes share them out.

    Args:
        config: The run's options; `experts`, `augmentation` and `seed` are used.
        network: Network of experts and students.
        data: The training images.
        store: Where the experts go; begun experts are gone on with.
        control: A stop keeps all complete epochs.

    Yields:
        `Progress` (unit "epochs", over all experts of this process) and `Metric` ("expert loss", mean of an epoch).

    Raises:
        Stopped: A stop was requested.
        DivergedError: An expert's loss left the finite numbers.
        TargetError: The store cannot be written to.
        ProjectError: An expert of the store is damaged.
        JobDiedError: Another process of the run has ended.
    """
    processes.wait_for_all()  # opening a store clears away half files, so all must have opened it
    own = processes.share(config.experts.count)
    total = len(own) * store.epochs
    for place, expert in enumerate(own):
        if not store.complete(expert):
            for epoch, loss in _train(expert, config, network, data, store, control):
                done = place * store.epochs + epoch
                yield Metric(name="expert loss", step=done, value=loss)
                yield Progress(phase=PHASE, done=done, total=total, unit="epochs")
    yield Progress(phase=PHASE, done=total, total=total, unit="epochs")
    processes.wait_for_all()


def _train(
    expert: int,
    config: DistillConfig,
    network: Network,
    data: TrainingTensors,
    store: TrajectoryStore,
    control: Control,
) -> Iterator[tuple[int, float]]:
    """Train one expert and store it; yields (epochs done, mean loss of the last one)."""
    snapshots = _begun(expert, config, network, store)
    saved = time.monotonic()
    while len(snapshots) <= store.epochs:
        epoch = len(snapshots)
        try:
            theta, loss = _epoch(snapshots[-1], expert, epoch, config, network, data, control)
        except Stopped:
            store.save_growing(expert, torch.stack(snapshots))
            raise
        if not math.isfinite(loss) or not bool(theta.isfinite().all()):
            raise DivergedError(
                f"Expert {expert + 1} left the finite numbers in epoch {epoch}.",
                "Begin a new run with a smaller experts.learning_rate.",
            )
        snapshots.append(theta)
        if time.monotonic() - saved > _SAVE_SECONDS and epoch < store.epochs:
            store.save_growing(expert, torch.stack(snapshots))
            saved = time.monotonic()
        if epoch < store.epochs:
            yield epoch, loss
        else:
            store.append(expert, torch.stack(snapshots))
            store.drop_growing(expert)
            yield epoch, loss


def _begun(
    expert: int, config: DistillConfig, network: Network, store: TrajectoryStore
) -> list[Tensor]:
    growing = store.load_growing(expert)
    if growing is not None:
        return list(growing.unbind())
    return [network.initial(generator(config.seed, "expert", expert, "initial"))]


def _epoch(
    theta: Tensor,
    expert: int,
    epoch: int,
    config: DistillConfig,
    network: Network,
    data: TrainingTensors,
    control: Control,
) -> tuple[Tensor, float]:
    """One pass of SGD from `theta` `[P]` (CPU); returns new parameters on the CPU, never an alias, and the mean loss."""
    device, options, wanted = data.images.device, config.experts, _wanted(config)
    random = generator(config.seed, "expert", expert, "epoch", epoch)
    order = epoch_order(data.labels, data.classes, random, balanced=options.balanced)
    batches = torch.split(order, step_batch(options.batch, len(order)))
    averaged = max(1, math.ceil(wanted.get("mean", 0.0) * len(batches)))
    theta, losses = theta.to(device, copy=True), torch.zeros((), device=device)
    mean = torch.zeros_like(theta)
    for number, batch in enumerate(batches):
        control.safe_point()
        drawn = augment.draw(config.augmentation, len(batch), data.images.shape[-1], random)
        chosen = batch.to(device)
        images = augment.apply(data.images[chosen], drawn.to(device))
        loss, gradient = flat_gradient(
            network,
            theta,
            images,
            data.labels[chosen],
            radius=options.flatness,
            pull=options.flatness_pull,
        )
        theta -= wanted.get("learning_rate", options.learning_rate) * gradient
        if number >= len(batches) - averaged:
            mean += theta / averaged
        losses += loss * (len(batch) / len(order))
    return mean.to("cpu", copy=True), float(losses)
