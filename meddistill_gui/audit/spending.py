"""Counts the audits that a hold-out has served: whoever tries often enough finds a set that passes by chance.

The same audit of the same set, after an interruption or to see it once more, counts once: it gives the same answer.
"""

import hashlib
import json
from pathlib import Path

from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.distilled import DistilledSet, to_bytes
from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.files import write_whole
from meddistill_gui.core.real_images import RealImages


def spent(path: Path, holdout: RealImages, distilled: DistilledSet, config: AuditConfig) -> int:
    """Note an audit before it is made, so that one whose answer was unwelcome counts too.

    Args:
        path: The project's list of audits; made where there is none.
        holdout: The hold-out that it uses up.
        distilled: What is audited.
        config: How.

    Returns:
        Number of different audits on this hold-out, this one among them.

    Raises:
        ProjectError: The list is damaged.
        TargetError: It cannot be written.
    """
    known = _known(path)
    served = known.setdefault(_patients(holdout), [])
    audit = hashlib.sha256(to_bytes(distilled) + repr((config.planted, config.seed)).encode())
    if audit.hexdigest() not in served:
        served.append(audit.hexdigest())
        write_whole(path, json.dumps(known, indent=1).encode())
    return len(served)


def _known(path: Path) -> dict[str, list[str]]:
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_bytes())
        return {str(name): list(map(str, audits)) for name, audits in record.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise ProjectError(
            f"{path} is damaged, so nobody can say how often the hold-out was used.",
            "Restore it from a copy of the project, or divide the patients anew.",
        ) from error


def _patients(holdout: RealImages) -> str:
    """Names this hold-out by its catalogue numbers; no picture goes into it."""
    numbers = sorted(map(int, holdout.ids))
    return hashlib.sha256(json.dumps(numbers).encode()).hexdigest()
