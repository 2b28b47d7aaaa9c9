"""What earlier audits of the very same set found: a leak is not gone because the next audit asks less, or draws other lots."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from meddistill_gui.core.words import Verdict

EARLIER: Final = "An earlier audit of this very set found: "
_COARSE: Final = "An earlier audit of this set found a leak."


def leaks_of_earlier(report: Mapping[str, Any] | None, content: str) -> tuple[str, ...]:
    """Sentences of the leaks in an earlier report; none where there is no report, or it is of another set.

    Args:
        report: A fine-grained report.
        content: SHA-256 of the set that is audited now.
    """
    if report is None or report.get("set") != content:
        return ()
    return tuple(map(str, report.get("leaks", ())))


def with_earlier(report: Mapping[str, Any], leaks: Sequence[str]) -> dict[str, Any]:
    """The report with leaks that an earlier audit found and this one does not name.

    Args:
        report: A fine-grained report.
        leaks: What `leaks_of_earlier` returned.
    """
    known = {leak.removeprefix(EARLIER) for leak in report["leaks"]}
    said = [EARLIER + leak for one in leaks if (leak := one.removeprefix(EARLIER)) not in known]
    if not said:
        return dict(report)
    found = report["verdict"] == Verdict.LEAK_FOUND
    kept = [] if report["verdict"] == Verdict.NO_LEAK_FOUND else report["reasons"]
    coarse = [] if report["verdict"] == Verdict.NO_LEAK_FOUND else report["coarse_reasons"]
    return {
        **report,
        "verdict": str(Verdict.LEAK_FOUND),
        "reasons": [*kept, *said] if found else [*said, *kept],
        "coarse_reasons": [*coarse, _COARSE] if found else [_COARSE, *coarse],
        "leaks": [*report["leaks"], *said],
    }
