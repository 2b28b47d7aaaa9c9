"""What a bundle of a run would hold, file by file, before it is written anywhere. No Qt."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meddistill_gui.core import distilled
from meddistill_gui.core.configs.bundle import ExportConfig
from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.run_folder import RunFolder, read_evaluation
from meddistill_gui.core.words import Verdict


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Files of the bundle to be.

    Attributes:
        members: Name and bytes of each file, as the receiver unpacks them.
        size: Bytes of the bundle file.
    """

    members: tuple[tuple[str, int], ...]
    size: int


@dataclass(frozen=True, kw_only=True)
class PublicAudit:
    """What travels of the audit.

    Attributes:
        verdict: One of the three.
        reasons: Why.
        formal: What is formally guaranteed.
        record: All of it.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    formal: str
    record: Mapping[str, Any]


def read_public_audit(run: RunFolder) -> PublicAudit | None:
    """The coarse audit report of a run, or None before an audit.

    Raises:
        ProjectError: It is damaged.
    """
    path = run.audit / "public.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return PublicAudit(
            verdict=Verdict(record["verdict"]),
            reasons=tuple(record["reasons"]),
            formal=record["formal"],
            record=record,
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ProjectError(
            f"The audit report of {run.name} cannot be read: {error}.", "Run the audit again."
        ) from error


def planned(run: RunFolder, config: ExportConfig) -> Contents:
    """Pack in memory and look at what came out.

    Raises:
        MedDistillError: The result is missing or damaged, or a field is not in the format.
    """
    from meddistill_gui.bundle import writer

    audit = read_public_audit(run)
    papers = writer.Papers(
        title=config.title,
        contact=config.contact,
        licence=config.licence,
        evaluation=read_evaluation(run),
        audit=None if audit is None else audit.record,
    )
    result = distilled.load(run.result)
    files = writer.payload(result, papers)
    return Contents(
        members=tuple(sorted((name, len(content)) for name, content in files.items())),
        size=len(writer.pack(result, papers)),
    )
