"""Whether a run's result may leave the house: its own audit's report together with what reviewers decided."""

import hashlib
import json

from meddistill_gui.audit.release import Release, release
from meddistill_gui.audit.review_log import read_reviews
from meddistill_gui.core import origin
from meddistill_gui.core.errors import ProjectError
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
