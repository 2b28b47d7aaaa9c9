"""Whether a run's result may leave the house: its own audit's report together with what reviewers decided."""

import hashlib
import json
from collections.abc import Generator
from typing import Any

from meddistill_gui.audit.release import Release, release
from meddistill_gui.audit.review_log import read_reviews
from meddistill_gui.core import origin
from meddistill_gui.core.errors import BundleError, ProjectError
from meddistill_gui.core.events import Event, Warned
from meddistill_gui.core.run_folder import RunFolder


def released(run: RunFolder) -> Release:
    """Decide for the set as it lies in the run folder now.

    Raises:
        ProjectError: The audit's report or the log of reviews is damaged, or there is no result.
    """
    path = run.audit / "detailed.json"
    try:
        report = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        content = hashlib.sha256(run.result.read_bytes()).hexdigest()
        reworked = origin.load(run.origin) is not None
        return release(report, read_reviews(run.reviews), content, reworked=reworked)
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ProjectError(
            f"The audit report of {run.name} cannot be read: {error}.", "Run the audit again."
        ) from error


def audited(run: RunFolder, remedy: str) -> Generator[Event, None, dict[str, Any] | None]:
    """The fine-grained report of a set that may leave the house; without an audit a warning, and None.

    Args:
        run: Whose set it is.
        remedy: What to do where no audit was made.

    Raises:
        BundleError: Its audit or a reviewer forbids it.
        ProjectError: As `released`.
    """
    answer = released(run)
    if not answer.allowed:
        raise BundleError(
            " ".join(answer.refused),
            "The page Anonymity preview shows these images; this set is not packed as it is.",
        )
    report = detailed_report(run)
    if report is None:
        yield Warned(
            code="not-audited",
            message="No audit has looked for real patients in these images.",
            remedy=remedy,
        )
    return report


def detailed_report(run: RunFolder) -> dict[str, Any] | None:
    """The fine-grained report as it lies in the run's folder; None where there is none, or only a damaged one."""
    try:
        report = json.loads((run.audit / "detailed.json").read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return report if isinstance(report, dict) else None
