"""Options of `rework`: which images of a finished set begin again from noise, or are left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option
from meddistill_gui.core.origin import ACTIONS


@dataclass(frozen=True, kw_only=True)
class ReworkConfig:
    """Make a new run from a finished one: some images begin again from noise or are left out, the others stay as they are."""

    run: Path = option(text="Run folder.", positional=True)
    images: tuple[str, ...] = option(
        (), text="Numbers of the synthetic images, as the audit counts: from 1."
    )
    action: str = option(
        "restart",
        text="restart: begin again from noise and distil on; drop: leave them out.",
        choices=ACTIONS,
    )
    reviewer: str = option(text="Who decided.")
    reason: str = option(text="Why, in the reviewer's words.")
    iterations: int = option(
        0,
        text="Further steps of the images that begin again; 0 takes as many as the run's own.",
        unit="iterations",
        minimum=0,
        maximum=1_000_000,
    )
    name: str = option("", text="Name of the new run; empty finds one.")

    @property
    def numbers(self) -> tuple[int, ...]:
        """The images, sorted, each once."""
        return tuple(sorted({int(one) for one in self.images}))

    def check(self) -> Iterator[str]:
        """What a range cannot say."""
        if not self.images:
            yield "images is empty; say which images."
        wrong = [one for one in self.images if not one.isdecimal() or int(one) < 1]
        if wrong:
            yield f"images holds {wrong[0]!r}; images count from 1."
        if not self.reviewer.strip():
            yield "reviewer is empty; a decision needs a name."
        if not self.reason.strip():
            yield "reason is empty; a decision needs a reason."
