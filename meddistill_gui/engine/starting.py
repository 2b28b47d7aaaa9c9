"""What a run starts from: its setting, its first images, its digest."""

import hashlib
import json
from typing import Final

import numpy as np
import torch
from torch import Tensor

from meddistill_gui.core.config import options_of, value_at
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.trajectories import TrajectoryOptions
from meddistill_gui.core.errors import ConfigError, LabelError
from meddistill_gui.core.ledger import Ledger, pixels_of
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine import devices, footprint
from meddistill_gui.engine.method import Experts, Setting
from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.tensors import Normaliser, rows_of, training_tensors

_CHUNK: Final = 1024
_ELSEWHERE: Final = {"project", "name", "device", "speed"}  # options that do not touch the result
_STEPS: Final = 20  # of a student whose method chooses their number
_BYTES_PER_NUMBER: Final = (
    32  # of a convnet's first maps; autograd holds about 23 (`memory.bytes_per_image`)
)


def make_setting(
    config: DistillConfig, train: RealImages, normaliser: Normaliser, experts: Experts | None = None
) -> Setting:
    """What methods are given.

    Raises:
        ConfigError: No GPU, or images that do not fit the options.
        LabelError: A class without training images, or only one class.
    """
    _refuse_misfits(config, train)
    device = devices.choose(config.device)
    synthetic = getattr(config.options, "images", 0)  # a method that counts them so takes batches
    tensors = training_tensors(train, normaliser, device, streamed=synthetic > 0)
    return Setting(
        seed=config.seed,
        device=device,
        network=make_network(
            config.network.family,
            depth=config.network.depth,
            width=config.network.width,
            norm=config.network.norm,
            channels=train.images.shape[1],
            size=config.images.size,
            classes=tensors.classes,
        ),
        train=tensors,
        members=tuple(torch.nonzero(tensors.labels == k).flatten() for k in range(tensors.classes)),
        experts=experts,
        images_per_class=config.images_per_class,
        synthetic=synthetic,
        augmentation=config.augmentation,
    )


def refuse_too_large(config: DistillConfig, setting: Setting) -> None:
    """Stop before the experts of a run whose students the device has no memory for.

    Raises:
        ConfigError: Saying how much is needed and how much there is.
    """
    options = config.options
    if not isinstance(options, TrajectoryOptions):
        return  # those without experts look for themselves before they begin
    count, on_gpu = len(setting.labels), setting.device.type == "cuda"
    batch, steps = min(options.batch or count, count), options.inner_steps or _STEPS
    # a GPU run that does not fit goes on in smaller pieces by itself (`matching.pulls`)
    stored = options.memory == "stored" and not on_gpu
    piece = batch if stored else min(batch, 1 if on_gpu else options.micro_batch or batch)
    if not _fits_easily(config, setting, graphs=piece * (steps if stored else 1), steps=steps):
        memory = "stored" if stored else "replay"
        footprint.refuse_too_large(setting, steps=steps, batch=piece, memory=memory)


def _fits_easily(config: DistillConfig, setting: Setting, *, graphs: int, steps: int) -> bool:
    """Whether it is not worth the seconds that an exact count takes; `graphs` is images times steps held at a time."""
    there = devices.memory_bytes(setting.device)
    if config.network.family != "convnet" or there is None:
        return there is None
    maps = graphs * config.network.width * setting.size**2
    path = 2 * steps * 4 * setting.network.parameter_count
    return _BYTES_PER_NUMBER * maps + path < there / 10


def first_images(config: DistillConfig, setting: Setting) -> Tensor:
    """What the synthetic images start from: `[N, C, S, S]`, normalised; noise, or real images where the user asked for them."""
    rows = first_rows(config, setting)
    if rows is not None:
        return rows_of(setting.train, rows).clone()
    shape = (len(setting.labels), *setting.train.images.shape[1:])
    return torch.randn(shape, generator=_random(setting)).to(setting.device)


def first_rows(config: DistillConfig, setting: Setting) -> Tensor | None:
    """The training image that each synthetic image starts from, int64 `[N]`; None where they start from noise."""
    if config.initialisation == "noise":
        return None
    random = _random(setting)
    wanted = torch.bincount(setting.labels, minlength=setting.train.classes).tolist()
    chosen = [
        members[torch.randperm(len(members), generator=random)[:count].to(members.device)]
        for members, count in zip(setting.members, wanted, strict=True)
    ]
    return torch.cat(chosen)


def ledger_of(
    config: DistillConfig, setting: Setting, train: RealImages, validation: RealImages
) -> Ledger:
    """What the audit must know of a run's origin, and nobody else may."""
    rows = first_rows(config, setting)
    started = [None] * len(setting.labels) if rows is None else train.ids[rows.cpu().numpy()]
    return Ledger(
        started_from=tuple(None if one is None else int(one) for one in started),
        training=tuple(map(int, train.ids)),
        validation=tuple(map(int, validation.ids)),
        pixels=pixels_of(train),
    )


def _random(setting: Setting) -> torch.Generator:
    return generator(setting.seed, "first images")


def run_digest(config: DistillConfig, train: RealImages) -> str:
    """Names the training images and every option but those that do not touch the result: hex SHA-256.

    Options at their default are left out: one that a later version adds does not keep it from going on with this run.
    """
    given = {one.path: (value_at(config, one.path), one.default) for one in options_of(config)}
    chosen = {
        path: value
        for path, (value, default) in given.items()
        if path not in _ELSEWHERE and value != default
    }
    found = hashlib.sha256(json.dumps(chosen, sort_keys=True).encode())
    found.update(np.ascontiguousarray(train.labels).tobytes())
    for start in range(0, len(train), _CHUNK):
        found.update(np.ascontiguousarray(train.images[start : start + _CHUNK]).tobytes())
    return found.hexdigest()


def _refuse_misfits(config: DistillConfig, train: RealImages) -> None:
    shape = (config.images.channels, config.images.size, config.images.size)
    if train.images.shape[1:] != shape:
        raise ConfigError(
            [f"The training images are {train.images.shape[1:]}, the options say {shape}."],
            "Let the images be read again with these options.",
        )
    counts = np.bincount(train.labels, minlength=len(train.class_names))
    if len(counts) < 2:
        raise LabelError(
            "There is only one class.", "Label the images with two classes or more, then try again."
        )
    for name, count in zip(train.class_names, counts, strict=True):
        wanted = config.images_per_class if config.initialisation == "real" else 1
        if count < wanted:
            raise LabelError(
                f"Class {name!r} has {count} training images; {wanted} are needed.",
                "Add images of this class, leave the class out, or ask for fewer synthetic images.",
            )
