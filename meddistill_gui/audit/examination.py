"""One audit from beginning to end: the preconditions, the copy search with planted leaks, the verdict, the record.

It gets arrays and gives a plain dictionary; reading images and writing files is others' work.
"""

from collections.abc import Generator
from typing import Any, Final

from meddistill_gui.audit import membership, policy, record, reidentification
from meddistill_gui.audit.context import context
from meddistill_gui.audit.deep_membership import Deep
from meddistill_gui.audit.findings import image_findings, planted_findings, read, read_dressed
from meddistill_gui.audit.material import Case, Material, gathered
from meddistill_gui.audit.nearest import Gallery, Nearest, nearest_patients
from meddistill_gui.audit.on_request import OnRequest, on_request
from meddistill_gui.audit.patients import numbered
from meddistill_gui.audit.planted import planted
from meddistill_gui.audit.preconditions import (
    Precondition,
    comparable,
    enough_left,
    near_duplicates,
    statistical,
)
from meddistill_gui.audit.search import MARGIN, NULL, VIEWING, WHITENING, counted, searched
from meddistill_gui.audit.shelf import Shelf
from meddistill_gui.audit.verdict import Evidence, sides_alike
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.events import Event, Progress
from meddistill_gui.core.ledger import Ledger
from meddistill_gui.core.real_images import RealImages

CHECKING: Final = "checking what the audit rests on"
NEAREST: Final = "measuring exact distances"
PHASES: Final = (
    CHECKING,
    NEAREST,
    MARGIN,
    VIEWING,
    NULL,
    WHITENING,
    reidentification.PHASE,
    membership.PHASE,
)


def examine(
    distilled: DistilledSet,
    train: RealImages,
    holdout: RealImages,
    config: AuditConfig,
    control: Control,
    ledger: Ledger | None = None,
    audits: int = 1,
    shelf: Shelf | None = None,
    deep: Deep | str | None = None,
) -> Generator[Event, None, dict[str, Any]]:
    """Look for real patients in a distilled set.

    Args:
        distilled: The set, as it would be exported.
        train: The images it was made from.
        holdout: Images of patients that nothing was made from or chosen with.
        config: How many copies to plant; `run` is not looked at.
        control: Asked between blocks of work.
        ledger: What the run was made and started from; None where nobody wrote it down.
        audits: How many different audits this hold-out has served, this one among them (`spending`).
        shelf: Where an interrupted audit goes on from; its key must name everything above.
        deep: What further runs on other patients said, or why they could not be made; None where none were asked for.

    Yields:
        Progress of each phase in `PHASES`.

    Returns:
        The fine-grained report (`docs/anonymity.md` lists its fields); it must stay in the house.

    Raises:
        Stopped: The user asked to stop; with a shelf the next call goes on from here.
    """
    case = Case(
        distilled=distilled, train=train, holdout=holdout, seed=config.seed, ledger=ledger, audits=audits
    )  # fmt: skip
    yield Progress(phase=CHECKING, done=0, total=2, unit="steps")
    checks = list(comparable(case))
    if not all(check.passed for check in checks):
        return _without_search(case, checks, deep)
    checks += statistical(case)
    yield Progress(phase=CHECKING, done=1, total=2, unit="steps")
    material = gathered(case, control)
    checks += [near_duplicates(case, material), enough_left(material)]
    yield Progress(phase=CHECKING, done=2, total=2, unit="steps")
    if not checks[-1].passed:
        return _without_search(case, checks, deep)
    return (yield from _searched(case, material, checks, config, control, shelf, deep))


def _without_search(
    case: Case, checks: list[Precondition], deep: Deep | str | None
) -> dict[str, Any]:
    """What is left to say where nothing can be compared: a leak that further runs showed is one all the same."""
    asked = OnRequest(deep=deep)
    return record.without_search(case, checks, tuple(asked.leaks())) | asked.plain()


def _searched(
    case: Case,
    material: Material,
    checks: list[Precondition],
    config: AuditConfig,
    control: Control,
    shelf: Shelf | None,
    deep: Deep | str | None,
) -> Generator[Event, None, dict[str, Any]]:
    """The copy search and what follows from it."""
    leaks = planted(
        material.training, material.patients, material.readings[-1], config.planted, case.seed
    )
    to_train = yield from _nearest(
        case.train, material, policy.MARGIN_NEIGHBOURS + 1, control, shelf
    )
    to_holdout = yield from _nearest(case.holdout, material, record.NEAREST, control, None)
    exact = to_train.distances[:, 0] == 0
    search = yield from searched(material, leaks, exact, case.seed, control, shelf)
    kinds = [leak.kind for leak in leaks]
    a = read(search.a, search.null_a, kinds, material.calibration, material.measuring)
    b = read(search.b, search.null_b, kinds, material.calibration, material.measuring)
    d = read_dressed(search.d, kinds)
    beside = context(case, material, search, control)
    asked = yield from on_request(case, material, config, control, shelf, deep)
    alike = sides_alike(checks)
    evidence = Evidence(
        preconditions=checks,
        images=image_findings(a, b, d, exact, beside.started),
        planted=planted_findings(search, leaks, material.patients, a.threshold, b.threshold),
        off_manifold=beside.distances.off_manifold,
        initialisation=case.distilled.recipe.initialisation,
        membership=asked.membership,
        leaks=(*beside.leaks(), *asked.leaks(comparable=alike)),
        doubts=tuple(asked.doubts(comparable=alike)),
    )
    measured = record.Measured(
        search=search, a=a, b=b, d=d, to_train=to_train, to_holdout=to_holdout
    )
    report = record.with_search(case, material, evidence, measured)
    return report | beside.plain() | asked.plain()


def _nearest(
    real: RealImages, material: Material, count: int, control: Control, shelf: Shelf | None
) -> Generator[Event, None, Nearest]:
    gallery = Gallery(images=real.images, patients=numbered(real.patients), ids=real.ids)
    steps = nearest_patients(material.exported, gallery, count, control, shelf)
    return (yield from counted(steps, NEAREST, "blocks"))
