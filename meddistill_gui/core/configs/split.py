"""Options of `split`: who trains, who chooses, who tests, who stays out for the audit."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """Divide the patients, before anything else looks at their images. Drawn once per project and stored."""

    project: Path = option(text="Project folder.")
    validation: float = option(
        0.1, text="Share of patients that choose the best iteration.", minimum=0.02, maximum=0.5
    )
    test: float = option(
        0.1, text="Share of patients that test the final student, once.", minimum=0.0, maximum=0.5
    )
    holdout: float = option(
        0.2,
        text="Share of patients kept out of everything, for the audit to compare with.",
        minimum=0.0,
        maximum=0.5,
        source="at least 100 patients are needed for a verdict (docs/anonymity.md)",
    )
    keep_folders: bool = option(
        default=False,
        text="Keep a division that the source already has (folders named train and test, at any level); validation "
        "and hold-out are then drawn from train.",
    )
    seed: int = option(0, text="Seed of the draw.", minimum=0, maximum=2**31 - 1, expert=True)

    def check(self) -> Iterator[str]:
        """What only shows when several options are seen together."""
        taken = self.validation + self.holdout + (0.0 if self.keep_folders else self.test)
        if taken > 0.8:
            yield f"validation, test and holdout take {taken:.0%} of the patients; at least 20 % must remain for training."
