"""From the folder of a finished run to what a reworked one begins with: its options and its first checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.engine import checkpoint as checkpoints
from meddistill_gui.engine import reworking, starting
from meddistill_gui.engine.bounded import normaliser_for
from meddistill_gui.engine.checkpoint import Checkpoint
from meddistill_gui.engine.experts.forms import form_of
from meddistill_gui.engine.experts.store import open_store
from meddistill_gui.engine.experts.training import epochs_needed, experts_digest
from meddistill_gui.engine.method import Setting
from meddistill_gui.engine.registry import make_method


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A finished run.

    Attributes:
        config: Its options.
        folder: Where it lies.
        train: The training images that it was made from.
    """

    config: DistillConfig
    folder: RunFolder
    train: RealImages


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What a reworked run begins with.

    Attributes:
        config: Options of the finished run, with other iterations.
        checkpoint: To be saved in its folder.
    """

    config: DistillConfig
    checkpoint: Checkpoint


def begun_again(parts: Parts, rows: Sequence[int], more: int) -> Beginning:
    """Some images begin again from noise; so many iterations follow, 0 for as many as the run's own.

    Raises:
        ProjectError: There is nothing to go on from.
    """
    setting = _setting(parts)
    at, own = _where(parts, setting)
    made = reworking.restarted(make_method(parts.config), setting, at, rows)
    return _beginning(parts, made, own + (more or own))


def dropped(parts: Parts, rows: Sequence[int]) -> Beginning:
    """Some images are left out; nothing is left to be done.

    Raises:
        ProjectError: There is nothing to go on from, or a class would be left without an image.
    """
    at, own = _where(parts, _setting(parts))
    return _beginning(parts, reworking.without(at, rows), own)


def save(beginning: Beginning, run: RunFolder) -> None:
    """Write the checkpoint into the folder of the reworked run.

    Raises:
        TargetError: The disk is full, read-only or gone.
    """
    checkpoints.save(run.checkpoint, beginning.checkpoint)


def _beginning(parts: Parts, checkpoint: Checkpoint, iterations: int) -> Beginning:
    config = replace(parts.config, iterations=iterations)
    digest = starting.run_digest(config, parts.train)
    return Beginning(config=config, checkpoint=replace(checkpoint, digest=digest))


def _where(parts: Parts, setting: Setting) -> tuple[Checkpoint, int]:
    """Where the run ended, and how many iterations of its own, after warm-up, it had done by then."""
    at = checkpoints.load(
        parts.folder.checkpoint, starting.run_digest(parts.config, parts.train), setting.device
    )
    if at is None:
        raise ProjectError(
            f"{parts.folder.name} has no checkpoint, so nothing can go on from it.",
            "Distil again from noise.",
        )
    total = sum(phase.iterations for phase in make_method(parts.config).phases)
    own = at.iteration - (total - parts.config.iterations)
    if own < 1:
        raise ProjectError(
            f"{parts.folder.name} was stopped before it was warm.", "Resume it first."
        )
    return at, own


def _setting(parts: Parts) -> Setting:
    config = parts.config
    setting = starting.make_setting(config, parts.train, normaliser_for(config, parts.train))
    if not make_method(config).needs_experts:
        return setting
    store = open_store(
        parts.folder.experts,
        parameter_count=setting.network.parameter_count,
        epochs=epochs_needed(config),
        digest=experts_digest(config, setting.train),
        form=form_of(config.experts, setting.network.shapes),
    )
    return replace(setting, experts=store)
