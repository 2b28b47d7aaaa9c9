"""Look for real patients in a run's result and write down what was found."""

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import numpy as np

from meddistill_gui.audit import formal, reach, record
from meddistill_gui.audit.earlier import leaks_of_earlier, with_earlier
from meddistill_gui.audit.examination import examine
from meddistill_gui.audit.material import Case
from meddistill_gui.audit.preconditions import Precondition, comparable
from meddistill_gui.audit.shelf import Shelf
from meddistill_gui.audit.spending import spent
from meddistill_gui.core import distilled
from meddistill_gui.core import ledger as ledgers
from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import Stopped
from meddistill_gui.core.events import Event, Finished, Started, Warned
from meddistill_gui.core.files import writing_to
from meddistill_gui.core.project import Project
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import RunFolder, open_run
from meddistill_gui.operations import audit_reports
from meddistill_gui.operations.deep_audit import deep_audit, refuse
from meddistill_gui.operations.patch_sets import CUTTING_PHASES, run_images
from meddistill_gui.operations.real_images import READING_PHASES
from meddistill_gui.operations.release import detailed_report
from meddistill_gui.operations.source_corners import source_corners


def audit(config: AuditConfig, control: Control) -> Iterator[Event]:
    """Write the fine-grained report (it stays in the run folder) and the coarse one (it may travel)."""
    yield Started(
        operation="audit", phases=(*READING_PHASES, *CUTTING_PHASES, "searching for copies")
    )
    run, run_config = open_run(validate(config).run)
    refuse(config, run_config)
    result = distilled.load(run.result)
    train, holdout, validation = yield from run_images(
        run, run_config, ("train", "holdout", "validation"), control
    )
    audits = spent(Project(run.project).audits, holdout, result, config)
    ledger = ledgers.load(run.ledger)
    content = hashlib.sha256(run.result.read_bytes()).hexdigest()
    with writing_to(run.root):
        run.audit.mkdir(exist_ok=True)
    case = Case(
        distilled=result, train=train, holdout=holdout, seed=config.seed, ledger=ledger, audits=audits
    )  # fmt: skip
    if len(train) and len(holdout):
        said = reach.sentence(case, membership=config.membership)
        yield Warned(code="reach", message=said)
    known = detailed_report(run)
    if known is None or known.get("set") != content:
        _mark_begun(run, content, case)
    shelf = Shelf(run.audit / "unfinished", _key(content, train, holdout, config))
    try:
        deep = None
        if all(check.passed for check in comparable(case)):  # a night is long
            deep = yield from deep_audit(run, run_config, config, case, validation, shelf, control)
        detailed = yield from examine(
            result, train, holdout, config, control, ledger, audits, shelf, deep
        )
        words, corners = source_corners(run, train, config.seed, control)
    except Stopped:
        shelf.flush()
        raise
    detailed = with_earlier(detailed, leaks_of_earlier(known, content)) | {
        "set": content,
        "formal": formal.claimed(run_config, reworked=run.origin.is_file()),
    }
    pictures = audit_reports.pictures_of(detailed, result, train, holdout)
    detailed["burned_in"] = [words, *detailed.get("burned_in", [])]
    if corners is not None:
        pictures["corners"] = corners
    audit_reports.write(run, detailed, pictures)
    shelf.clear()
    yield Finished(summary=_summary(run, detailed))


def _summary(run: RunFolder, detailed: dict[str, Any]) -> dict[str, Any]:
    return {
        "text": f"{detailed['verdict']}: {' '.join(detailed['reasons'])}",
        "verdict": detailed["verdict"],
        "reasons": detailed["reasons"],
        "planted": detailed["planted"],
        "report": str(run.audit / "detailed.html"),
    }


def _mark_begun(run: RunFolder, content: str, case: Case) -> None:
    """An audit that dies leaves CANNOT TELL; what an earlier one of the very same set found stays instead."""
    unfinished = Precondition(
        name="audit finished",
        passed=False,
        sentence="The audit was begun and did not come to its end.",
    )
    audit_reports.write(run, {**record.without_search(case, [unfinished]), "set": content}, {})


def _key(content: str, train: RealImages, holdout: RealImages, config: AuditConfig) -> str:
    """Names everything that an audit depends on."""
    known = hashlib.sha256(f"{content} {version('meddistill')} {config}".encode())
    for part in (train, holdout):
        for array in (part.ids, part.patients, part.labels, part.images):
            known.update(np.ascontiguousarray(array).data)
    return known.hexdigest()
