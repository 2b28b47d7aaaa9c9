"""The tests that an audit makes on request: patients on another day (M5), membership quick and deep (M9), and what their answers count for."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, Final

from meddistill_gui.audit import deep_membership, membership, reidentification
from meddistill_gui.audit.deep_membership import Deep
from meddistill_gui.audit.material import Case, Material
from meddistill_gui.audit.membership import Membership
from meddistill_gui.audit.reason import Reason
from meddistill_gui.audit.reidentification import Reidentification
from meddistill_gui.audit.shelf import Shelf
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event, Progress
from meddistill_gui.core.words import Verdict

_APART: Final = (
    "Training and hold-out patients differ by themselves, so this counts for nothing: {}"
)


@dataclass(frozen=True, kw_only=True)
class OnRequest:
    """What the tests on request found; None for one that nobody asked for, a sentence for one that could not be made.

    Attributes:
        known: Patients on another day.
        attacked: Membership, quick.
        deep: Membership, deep.
    """

    known: Reidentification | str | None = None
    attacked: Membership | str | None = None
    deep: Deep | str | None = None

    @property
    def membership(self) -> Verdict | None:
        """Of the quick test, which asks about the set itself."""
        return self.attacked.verdict if isinstance(self.attacked, Membership) else None

    def leaks(self, *, comparable: bool = True) -> Iterator[Reason]:
        """What was found.

        Args:
            comparable: Whether training and hold-out patients are alike. If they are not, two of the tests would measure that; the deep one
                compares patients whom coins told apart.
        """
        if comparable:
            yield from self._against_holdout(Verdict.LEAK_FOUND)
        yield from deep_membership.reasons(self.deep, Verdict.LEAK_FOUND)

    def doubts(self, *, comparable: bool = True) -> Iterator[Reason]:
        """What could not be told, a test among it that was asked for and could not be made."""
        yield from self._against_holdout(Verdict.CANNOT_TELL)
        yield from deep_membership.reasons(self.deep, Verdict.CANNOT_TELL)
        if not comparable:
            for found in self._against_holdout(Verdict.LEAK_FOUND):
                yield Reason(sentence=_APART.format(found.sentence), coarse=_APART.format(found.coarse))  # fmt: skip

    def _against_holdout(self, verdict: Verdict) -> Iterator[Reason]:
        yield from reidentification.reasons(self.known, verdict)
        yield from membership.reasons(self.attacked, verdict)

    def plain(self) -> dict[str, Any]:
        """For the fine-grained report."""
        return {
            "reidentification": reidentification.plain(self.known),
            "membership": membership.plain(self.attacked),
            "deep_membership": deep_membership.plain(self.deep),
        }


def on_request(
    case: Case,
    material: Material,
    config: AuditConfig,
    control: Control,
    shelf: Shelf | None,
    deep: Deep | str | None,
) -> Generator[Event, None, OnRequest]:
    """Make the tests that `config` asks for; the deep one was made before.

    Raises:
        Stopped: The user asked to stop.
    """
    known: Reidentification | str | None = None
    attacked: Membership | str | None = None
    if config.reidentification:
        yield Progress(phase=reidentification.PHASE, done=0, total=1, unit="tests")
        known = reidentification.reidentified(case, material, control)
    if config.membership:
        attacked = yield from membership.membership(case, material, control, shelf)
    return OnRequest(known=known, attacked=attacked, deep=deep)
