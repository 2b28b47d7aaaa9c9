"""Look for real patients in a run's result and write down what was found."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from meddistill_gui.audit import formal, report
from meddistill_gui.audit.examination import examine
from meddistill_gui.audit.spending import spent
from meddistill_gui.core import distilled
from meddistill_gui.core import ledger as ledgers
from meddistill_gui.core.config import validate
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.events import Event, Finished, Started
from meddistill_gui.core.files import write_whole
from meddistill_gui.core.project import Project
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import open_run
from meddistill_gui.operations.real_images import READING_PHASES, roles_read


def audit(config: AuditConfig, control: Control) -> Iterator[Event]:
    """Write the fine-grained report (it stays in the run folder) and the coarse one (it may travel)."""
    yield Started(operation="audit", phases=(*READING_PHASES, "searching for copies"))
    run, run_config = open_run(validate(config).run)
    result = distilled.load(run.result)
    train, holdout = yield from roles_read(
        run.project, run_config.images, ("train", "holdout"), control
    )
    audits = spent(Project(run.project).audits, holdout, result, config)
    ledger = ledgers.load(run.ledger)
    detailed = yield from examine(result, train, holdout, config, control, ledger, audits)
    detailed["formal"] = formal.claimed(run_config)
    coarse = report.public(detailed)
    run.audit.mkdir(exist_ok=True)
    write_whole(run.audit / "detailed.json", json.dumps(detailed, indent=1).encode())
    write_whole(run.audit / "public.json", json.dumps(coarse, indent=1).encode())
    pictures = _pictures(detailed, result, train, holdout)
    write_whole(run.audit / "detailed.html", report.render_detailed(detailed, pictures).encode())
    write_whole(run.audit / "public.html", report.render_public(coarse).encode())
    yield Finished(
        summary={
            "text": f"{detailed['verdict']}: {' '.join(detailed['reasons'])}",
            "verdict": detailed["verdict"],
            "reasons": detailed["reasons"],
            "planted": detailed["planted"],
            "report": str(run.audit / "detailed.html"),
        }
    )


def _pictures(
    detailed: Mapping[str, Any], result: DistilledSet, *parts: RealImages
) -> dict[str, str]:
    """Every synthetic image, and the real ones that stand beside them in the report that stays in the house."""
    shown = {
        f"synthetic/{index}": report.picture(pixels)
        for index, pixels in enumerate(distilled.displayed(result.images))
    }
    beside = {
        real["id"]
        for image in detailed["images"]
        for real in (*image["nearest_train"], *image["nearest_holdout"])
    }
    for part in parts:
        for position in np.flatnonzero(np.isin(part.ids, list(beside))):
            shown[f"real/{part.ids[position]}"] = report.picture(part.images[position])
    return shown
