"""What is asked of the whole catalogue, and answered off the window's thread: which images fit, what there is in numbers."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from meddistill_gui.data.catalogue import Catalogue, open_catalogue
from meddistill_gui.data.counts import CatalogueSummary
from meddistill_gui.data.issues import find_issues
from meddistill_gui.data.search import Search
from meddistill_gui.data.tree import Branches, patients
from meddistill_gui.gui.background import Background

_Answer = TypeVar("_Answer")


class Questions(QObject):
    """Each question opens the catalogue for itself, in its thread; only the answer to the last one of a kind is told.

    Signals:
        found: Ids of the images that fit, int64 `[N]`.
        summarised: `CatalogueSummary`.
        listed: Ids of the issues that are wanted, int64 `[N]`.
        planted: `Branches`: the patients.
        failed: `MedDistillError`.

    Args:
        parent: Owner.
    """

    found = Signal(object)
    summarised = Signal(object)
    listed = Signal(object)
    planted = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path: Path | None = None
        self._number = 0
        self._open: dict[str, int] = {}
        self._lanes: dict[str, Background] = {}
        self._said = {
            "ids": self.found,
            "summary": self.summarised,
            "patients": self.planted,
            "issues": self.listed,
        }
        for kind in self._said:
            lane = self._lanes[kind] = Background(1, self)
            lane.done.connect(self._on_done)
            lane.failed.connect(self._on_failed)

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._open)

    def show_catalogue(self, path: Path | None) -> None:
        """Ask another catalogue from now on; what was asked of the last one is not answered any more."""
        self._path = path
        self._open.clear()
        for lane in self._lanes.values():
            lane.ask([])

    def ask_ids(self, search: Search) -> None:
        """Ask which images fit."""
        self._ask("ids", functools.partial(_ids, search))

    def ask_summary(self) -> None:
        """Ask what there is in numbers."""
        self._ask("summary", _summary)

    def ask_patients(self, text: str = "") -> None:
        """Ask for the patients whose identity contains this."""
        self._ask("patients", functools.partial(_patients, text))

    def ask_issues(self, text: str, order: str, *, descending: bool) -> None:
        """Ask for the issues that hold this text."""
        question = functools.partial(_issues, text, order, descending=descending)
        self._ask("issues", question)

    def close(self) -> None:
        """Wait for what is being asked."""
        self._open.clear()
        for lane in self._lanes.values():
            lane.close()

    def _ask(self, kind: str, question: Callable[[Catalogue], object]) -> None:
        if self._path is None:
            return
        self._number += 1
        self._open[kind] = self._number
        task = functools.partial(_asked, self._path, question)
        self._lanes[kind].ask([((kind, self._number), task)])

    def _on_done(self, key: tuple[str, int], answer: object) -> None:
        if self._is_open(key):
            self._said[key[0]].emit(answer)

    def _on_failed(self, key: tuple[str, int], error: object) -> None:
        if self._is_open(key):
            self.failed.emit(error)

    def _is_open(self, key: tuple[str, int]) -> bool:
        """Whether this is what was asked last; it counts as answered then."""
        kind, number = key
        if self._open.get(kind) != number:
            return False
        del self._open[kind]
        return True


def _asked(path: Path, question: Callable[[Catalogue], _Answer]) -> _Answer:
    with open_catalogue(path) as catalogue:
        return question(catalogue)


def _ids(search: Search, catalogue: Catalogue) -> npt.NDArray[np.int64]:
    return catalogue.image_ids(search)


def _summary(catalogue: Catalogue) -> CatalogueSummary:
    return catalogue.summary()


def _issues(
    text: str, order: str, catalogue: Catalogue, *, descending: bool
) -> npt.NDArray[np.int64]:
    return find_issues(catalogue.connection, text, order, descending=descending)


def _patients(text: str, catalogue: Catalogue) -> Branches:
    return patients(catalogue.connection, text)
