"""The trajectory store: where experts' parameters lie after every epoch. One checked file per expert, only ever added to.

experts/
  expert-00000.safetensors    "snapshots" float32 [E + 1, P], memory-mapped; who made it and a SHA-256 in the header.
                              Or in another form, see `forms`: half precision, or a few waypoints
  growing-00001.safetensors   the epochs done so far of the expert that is being trained; goes when it is complete

A file appears under its name only when it is whole, so a crash costs at most the epochs since `growing` was last written.
"""

import hashlib
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.files import write_whole, writing_to
from meddistill_gui.engine.experts.forms import EVERY_EPOCH, Form, Layout, fits, restored

STORE_FORMAT: Final = 1
_CHUNK: Final = 1 << 22
_KEY: Final = "trajectory"
_HEADER_BYTES: Final = 1024
_BYTES: Final = {"F32": 4, "F16": 2, "I64": 8}


@dataclass(frozen=True)
class TrajectoryStore:
    """Experts' snapshots of one network on one training set; made by `open_store`.

    Attributes:
        folder: Folder of the files.
        parameter_count: P, parameters of the network.
        epochs: E, epochs that each expert is trained for (E + 1 snapshots with the untrained one).
        digest: Names the images, network and options that experts come from.
        form: How new experts are stored; all forms are read.
    """

    folder: Path
    parameter_count: int
    epochs: int
    digest: str
    form: Form = EVERY_EPOCH
    _checked: set[int] = field(default_factory=set, repr=False, compare=False)

    @property
    def count(self) -> int:
        """Number of complete experts."""
        return len(list(self.folder.glob("expert-*.safetensors")))

    def complete(self, expert: int) -> bool:
        """Whether this expert need not be trained (again).

        Raises:
            ProjectError: Its file is damaged, or belongs to other images or options.
        """
        if not self.path(expert).is_file():
            return False
        self._check(expert)
        return True

    def theta(self, expert: int, epoch: float) -> Tensor:
        """Parameters after `epoch` epochs: float32 `[P]` on the CPU, the caller's own copy.

        Between two epochs the way is taken to be straight and evenly gone.

        Raises:
            IndexError: There is no such epoch.
            ProjectError: The expert is missing or its file is damaged.
        """
        if not 0 <= epoch <= self.epochs:
            raise IndexError(f"epoch {epoch} of {self.epochs}")
        self._check(expert)
        before, part = math.floor(epoch), epoch - math.floor(epoch)
        with safetensors.safe_open(self.path(expert), framework="pt") as file:
            names = frozenset(file.keys())
            theta = restored(names, file.get_slice, before)
            if part:
                theta = torch.lerp(theta, restored(names, file.get_slice, before + 1), part)
        return theta

    def append(self, expert: int, snapshots: Tensor) -> None:
        """Add a trained expert; an existing one is never replaced.

        Args:
            expert: Its number.
            snapshots: float32 `[E + 1, P]`.

        Raises:
            ValueError: Wrong shape, a number that is not finite, or the expert exists.
            TargetError: The disk is full, read-only or gone; complete experts stay.
        """
        expected = (self.epochs + 1, self.parameter_count)
        if snapshots.shape != expected or snapshots.dtype != torch.float32:
            raise ValueError(f"snapshots are {snapshots.dtype} {tuple(snapshots.shape)}")
        if not snapshots.isfinite().all():
            raise ValueError(f"expert {expert} has parameters that are not finite")
        if self.path(expert).exists():
            raise ValueError(f"expert {expert} is there already")
        content = _to_bytes(self.form.tensors(snapshots), self.digest, str(expert))
        write_whole(self.path(expert), content)
        self._checked.add(expert)

    def path(self, expert: int) -> Path:
        """Where this expert lies."""
        return self.folder / f"expert-{expert:05d}.safetensors"

    def save_growing(self, expert: int, snapshots: Tensor) -> None:
        """Keep what an expert in training has so far.

        Args:
            expert: Its number.
            snapshots: float32 `[epochs so far + 1, P]`.

        Raises:
            TargetError: The disk is full, read-only or gone.
        """
        content = _to_bytes({"snapshots": snapshots}, self.digest, _growing_name(expert))
        write_whole(self._growing(expert), content)

    def load_growing(self, expert: int) -> Tensor | None:
        """What `save_growing` kept, or None where there is nothing usable (those epochs are only trained again)."""
        path = self._growing(expert)
        if not path.is_file() or _damage(path, self.digest, _growing_name(expert)) is not None:
            return None
        snapshots = safetensors.torch.load(path.read_bytes())["snapshots"]
        fits = (
            snapshots.ndim == 2
            and snapshots.shape[1] == self.parameter_count
            and len(snapshots) <= self.epochs + 1
        )
        return snapshots if fits else None

    def drop_growing(self, expert: int) -> None:
        """Forget the intermediate state of an expert that is complete."""
        with writing_to(self.folder):
            self._growing(expert).unlink(missing_ok=True)

    def _growing(self, expert: int) -> Path:
        return self.folder / f"growing-{expert:05d}.safetensors"

    def _check(self, expert: int) -> None:
        """Read the whole file once per opened store; later accesses trust it."""
        if expert in self._checked:
            return
        path = self.path(expert)
        if not path.is_file():
            raise ProjectError(f"{path} is missing.", "Resume the run: it is trained again.")
        _refuse_strangers(path, self.digest)
        damage = _damage(path, self.digest, str(expert))
        if damage is None and not fits(_layout(path), self.epochs, self.parameter_count):
            damage = "it holds other numbers than these experts have"
        if damage is not None:
            raise ProjectError(
                f"{path} is damaged: {damage}.",
                "Delete this one file and resume the run: only this expert is trained again, the others stay.",
            )
        self._checked.add(expert)


def open_store(
    folder: Path, *, parameter_count: int, epochs: int, digest: str, form: Form = EVERY_EPOCH
) -> TrajectoryStore:
    """Open a folder of experts, or make it.

    Args:
        folder: The folder.
        parameter_count: P of the network.
        epochs: Epochs each expert is trained for.
        digest: Names images, network and options (`experts.training.experts_digest`).
        form: How new experts are stored.

    Raises:
        ProjectError: The experts there belong to other images or options. They are not touched.
        TargetError: The folder cannot be written to.
    """
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob(".*.safetensors.*"):  # a write that a crash cut short
            leftover.unlink(missing_ok=True)
    for path in sorted(folder.glob("expert-*.safetensors")):
        _refuse_strangers(path, digest)
    return TrajectoryStore(folder, parameter_count, epochs, digest, form)


def snapshots_in(path: Path) -> Tensor:
    """All snapshots of an expert that was just stored with every epoch, float32 `[E + 1, P]`; nothing is checked."""
    with safetensors.safe_open(path, framework="pt") as file:
        snapshots: Tensor = file.get_tensor("snapshots")
        return snapshots.clone()


def estimated_bytes(
    *, experts: int, epochs: int, parameter_count: int, form: Form = EVERY_EPOCH
) -> int:
    """Disk space that a complete store takes."""
    return experts * (form.size(epochs, parameter_count) + _HEADER_BYTES)


def _growing_name(expert: int) -> str:
    return f"{expert}, growing"


def _to_bytes(tensors: dict[str, Tensor], digest: str, what: str) -> bytes:
    own = {name: tensor.detach().to("cpu").contiguous() for name, tensor in tensors.items()}
    plain = safetensors.torch.save(own)
    made = {
        "format": STORE_FORMAT,
        "digest": digest,
        "what": what,
        "sha256": hashlib.sha256(memoryview(plain)[_data_start(plain) :]).hexdigest(),
    }
    # One key only: the order of several would differ between runs, and the same expert must give the same bytes.
    return safetensors.torch.save(own, metadata={_KEY: json.dumps(made, sort_keys=True)})


def _data_start(start: bytes) -> int:
    """Where the numbers of a safetensors file begin, from its first eight bytes."""
    return 8 + int.from_bytes(start[:8], "little")


def _header(path: Path) -> dict[str, Any] | None:
    """What a file says about itself; None where it cannot be read."""
    try:
        with path.open("rb") as stream:
            start = _data_start(stream.read(8))
            raw = stream.read(start - 8) if start <= path.stat().st_size else b""
        header = json.loads(raw)
        made = json.loads(header.pop("__metadata__")[_KEY])
        made |= {"start": start}
        made["layout"] = {k: (v["dtype"], tuple(v["shape"])) for k, v in header.items()}
        whole = _fills(header, path.stat().st_size - start)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return made if whole and {"format", "digest", "what", "sha256"} <= made.keys() else None


def _fills(tensors: dict[str, Any], size: int) -> bool:
    """Whether tensors lie one after the other over exactly `size` bytes, each as long as its shape says."""
    end = 0
    for tensor in sorted(tensors.values(), key=lambda one: tuple(one["data_offsets"])):
        length = _BYTES[tensor["dtype"]] * math.prod(tensor["shape"])
        if tensor["data_offsets"] != [end, end + length]:
            return False
        end += length
    return end == size


def _layout(path: Path) -> Layout:
    header = _header(path)
    return {} if header is None else header["layout"]


def _refuse_strangers(path: Path, digest: str) -> None:
    """Raise if a readable file belongs to a newer version or to other experts."""
    header = _header(path)
    if header is None:
        return
    if header["format"] != STORE_FORMAT:
        raise ProjectError(
            f"{path} was made by another version of MedDistill.",
            "Go on with the version that made it, or begin a new run.",
        )
    if header["digest"] != digest:
        raise ProjectError(
            f"{path.parent} holds experts that were trained on other images or with other options.",
            "Begin a new run under another name; the experts there stay as they are.",
        )


def _damage(path: Path, digest: str, what: str) -> str | None:
    """What is wrong with a file's content, or None."""
    header = _header(path)
    if header is None:
        return "its header cannot be read"
    if header["format"] != STORE_FORMAT or header["digest"] != digest or header["what"] != what:
        return "its header names something else"
    found = hashlib.sha256()
    with path.open("rb") as stream:
        stream.seek(header["start"])
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
    return None if found.hexdigest() == header["sha256"] else "its checksum does not match"
