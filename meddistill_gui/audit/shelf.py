"""Where an audit lays what it has worked out, so that an interrupted one goes on instead of beginning anew.

Each entry is a few arrays in a file without code in it (safetensors). All of it is thrown away when the audit is done, or
when the shelf is of another audit.
"""

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy

from meddistill_gui.core.files import write_whole, writing_to

Arrays = dict[str, npt.NDArray[np.generic]]

_KEY: Final = "audit"
_SECONDS: Final = 30.0


class Shelf:
    """Entries of one audit.

    Args:
        folder: Made on the first entry.
        key: Names everything that the entries depend on; entries of another key are thrown away.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._waiting: dict[str, Callable[[], Arrays]] = {}
        self._written = time.monotonic()
        mark = folder / _KEY
        if not mark.is_file() or mark.read_text(encoding="utf-8") != key:
            self.clear()
        with writing_to(folder.parent):
            folder.mkdir(parents=True, exist_ok=True)
        write_whole(mark, key.encode())

    def get(self, name: str) -> Arrays | None:
        """The entry of this name; None where there is none, or a damaged one."""
        try:
            return safetensors.numpy.load(self._path(name).read_bytes())
        except (FileNotFoundError, safetensors.SafetensorError):
            return None

    def put(self, name: str, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Keep a result.

        Raises:
            TargetError: The disk is full or gone.
        """
        self._waiting.pop(name, None)
        whole = {key: np.ascontiguousarray(value) for key, value in arrays.items()}
        write_whole(self._path(name), safetensors.numpy.save(whole))

    def offer(self, name: str, state: Callable[[], Arrays]) -> None:
        """Say how far something has come; it is written every half minute, and by `flush`."""
        self._waiting[name] = state
        if time.monotonic() - self._written > _SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what was offered since."""
        for name, state in list(self._waiting.items()):
            self.put(name, state())
        self._written = time.monotonic()

    def clear(self) -> None:
        """Throw everything away."""
        self._waiting.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name.replace(' ', '-')}.safetensors"
