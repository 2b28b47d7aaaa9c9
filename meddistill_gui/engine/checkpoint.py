"""The checkpoint: all that a run needs to go on, one safetensors file, replaced whole.

There is no generator state in it: random numbers are derived from (seed, purpose, iteration).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.files import write_whole
from meddistill_gui.engine.method import Learned, State

CHECKPOINT_FORMAT: Final = 1
_KEY: Final = "run"
_STATE, _BEST = "state.", "best."


@dataclass(frozen=True, kw_only=True)
class Best:
    """The set that did best on the validation patients so far.

    Attributes:
        learned: The set.
        score: Mean balanced accuracy of its students.
        iteration: After how many iterations.
    """

    learned: Learned
    score: float
    iteration: int


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Where a run is.

    Attributes:
        digest: Names the training images and the options; a run goes on only with the same ones.
        iteration: Iterations done.
        state: The method's state.
        best: The best set so far, None before the first evaluation.
        setbacks: Iterations in a row that changed nothing because they left the finite numbers.
        recoveries: How often the run went back to its best set.
        evaluated: Iteration of the last evaluation.
        skipped: How many iterations changed nothing on purpose.
    """

    digest: str
    iteration: int
    state: State
    best: Best | None = None
    setbacks: int = 0
    recoveries: int = 0
    evaluated: int = 0
    skipped: int = 0


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all; the same checkpoint gives the same bytes.

    Raises:
        TargetError: The disk is full, read-only or gone.
    """
    best = checkpoint.best
    tensors = {_STATE + name: tensor for name, tensor in checkpoint.state.items()}
    if best is not None:
        learned = {
            "images": best.learned.images,
            "labels": best.learned.labels,
            "rates": best.learned.rates,
        }
        tensors |= {_BEST + name: tensor for name, tensor in learned.items()}
    about: dict[str, Any] = {
        "format": CHECKPOINT_FORMAT,
        "digest": checkpoint.digest,
        "iteration": checkpoint.iteration,
        "setbacks": checkpoint.setbacks,
        "recoveries": checkpoint.recoveries,
        "evaluated": checkpoint.evaluated,
        "skipped": checkpoint.skipped,
        "best": None if best is None else {"score": best.score, "iteration": best.iteration},
    }
    owned = {name: tensor.detach().cpu().clone() for name, tensor in sorted(tensors.items())}
    write_whole(path, safetensors.torch.save(owned, metadata={_KEY: json.dumps(about)}))


def load(path: Path, digest: str, device: torch.device) -> Checkpoint | None:
    """Read a checkpoint; None where there is none yet.

    Args:
        path: The file.
        digest: What the run has now; see `Checkpoint.digest`.
        device: Where the tensors go.

    Raises:
        ProjectError: It is damaged, of another version, or belongs to other images or options.
    """
    if not path.is_file():
        return None
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[_KEY])
            tensors = {name: file.get_tensor(name).to(device, copy=True) for name in file.keys()}  # noqa: SIM118 - no mapping
        _refuse_strangers(path, about, digest)
        return _parsed(about, tensors)
    except (safetensors.SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ProjectError(
            f"{path} is damaged: {error}.",
            "Delete this one file and resume the run: the experts stay, the images are made again.",
        ) from error


def _refuse_strangers(path: Path, about: dict[str, Any], digest: str) -> None:
    if about["format"] != CHECKPOINT_FORMAT:
        raise ProjectError(
            f"{path} was made by another version of MedDistill.",
            "Go on with the version that made it, or begin a new run.",
        )
    if about["digest"] != digest:
        raise ProjectError(
            f"{path} belongs to other training images or options.",
            "Begin a new run under another name; this one stays as it is.",
        )


def _parsed(about: dict[str, Any], tensors: dict[str, Tensor]) -> Checkpoint:
    best = about["best"]
    state = {
        name.removeprefix(_STATE): tensor
        for name, tensor in tensors.items()
        if name.startswith(_STATE)
    }
    learned = None
    if best is not None:
        learned = Learned(
            images=tensors[f"{_BEST}images"],
            labels=tensors[f"{_BEST}labels"],
            rates=tensors[f"{_BEST}rates"],
        )
    return Checkpoint(
        digest=about["digest"],
        iteration=about["iteration"],
        state=state,
        setbacks=about["setbacks"],
        recoveries=about["recoveries"],
        evaluated=about["evaluated"],
        skipped=about["skipped"],
        best=None
        if learned is None
        else Best(learned=learned, score=best["score"], iteration=best["iteration"]),
    )
