"""Rows of the catalogue that are read when they are looked at: a list of a hundred thousand knows its ids alone."""

from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

_PAGE: Final = 128
_PAGES_KEPT: Final = 40

Ids = npt.NDArray[np.int64]


class Row(Protocol):
    """Has an id of the catalogue."""

    @property
    def id(self) -> int:
        """Of the row."""
        ...


R = TypeVar("R", bound=Row)


class PagedRows(Generic[R]):
    """Reads a page of rows when one of them is asked for; the oldest pages are forgotten.

    Args:
        read: Reads the rows of these ids, in their order.

    Attributes:
        ids: All ids in order, int64 `[N]`.
    """

    def __init__(self, read: Callable[[Ids], list[R]]) -> None:
        self._read = read
        self._pages: dict[int, dict[int, R]] = {}
        self.ids: Ids = np.empty(0, np.int64)

    def show(self, ids: Ids) -> None:
        """Other ids, or the same ones anew."""
        self.ids = ids
        self._pages.clear()

    def row_at(self, place: int) -> R | None:
        """The row at a place in `ids`; None if it is gone meanwhile."""
        number = place // _PAGE
        if number not in self._pages:
            while len(self._pages) >= _PAGES_KEPT:
                self._pages.pop(next(iter(self._pages)))
            ids = self.ids[number * _PAGE : (number + 1) * _PAGE]
            self._pages[number] = {row.id: row for row in self._read(ids)}
        return self._pages[number].get(int(self.ids[place]))
