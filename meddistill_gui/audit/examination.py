"""One audit from beginning to end: the preconditions, the copy search with planted leaks, the verdict, the record.

It gets arrays and gives a plain dictionary; reading images and writing files is others' work.
"""

from collections.abc import Generator, Iterator
from typing import Any, Final

from meddistill_gui.audit import deep_membership, membership, policy, record, reidentification
from meddistill_gui.audit.context import context
from meddistill_gui.audit.findings import image_findings, planted_findings, read, read_dressed
from meddistill_gui.audit.material import Case, Material, gathered
from meddistill_gui.audit.nearest import Gallery, Nearest, nearest_patients
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
from meddistill_gui.audit.verdict import Evidence
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.events import Event, Progress
from meddistill_gui.core.ledger import Ledger
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.words import Verdict

_Known = reidentification.Reidentification | str | None
_Attacked = membership.Membership | str | None

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
    deep: deep_membership.Deep | None = None,
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
        deep: What further runs on other patients said; None where none were made.

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
        return record.without_search(case, checks)
    checks += statistical(case)
    yield Progress(phase=CHECKING, done=1, total=2, unit="steps")
    material = gathered(case, control)
    checks += [near_duplicates(case, material), enough_left(material)]
    yield Progress(phase=CHECKING, done=2, total=2, unit="steps")
    if not checks[-1].passed:
        return record.without_search(case, checks)
    return (yield from _searched(case, material, checks, config, control, shelf, deep))


def _searched(
    case: Case,
    material: Material,
    checks: list[Precondition],
    config: AuditConfig,
    control: Control,
    shelf: Shelf | None,
    deep: deep_membership.Deep | None,
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
    known, attacked = yield from _asked_for(case, material, config, control, shelf)
    evidence = Evidence(
        preconditions=checks,
        images=image_findings(a, b, d, exact, beside.started),
        planted=planted_findings(search, leaks, material.patients, a.threshold, b.threshold),
        off_manifold=beside.distances.off_manifold,
        initialisation=case.distilled.recipe.initialisation,
        membership=attacked.verdict if isinstance(attacked, membership.Membership) else None,
        leaks=(*beside.leaks(), *_said(known, attacked, deep, Verdict.LEAK_FOUND)),
        doubts=tuple(_said(known, attacked, deep, Verdict.CANNOT_TELL)),
    )
    measured = record.Measured(
        search=search, a=a, b=b, d=d, to_train=to_train, to_holdout=to_holdout
    )
    return record.with_search(case, material, evidence, measured) | {
        **beside.plain(),
        "reidentification": reidentification.plain(known),
        "membership": membership.plain(attacked),
        "deep_membership": deep_membership.plain(deep),
    }


def _asked_for(
    case: Case, material: Material, config: AuditConfig, control: Control, shelf: Shelf | None
) -> Generator[Event, None, tuple[_Known, _Attacked]]:
    """The tests that are made on request: M5 and M9."""
    known: _Known = None
    attacked: _Attacked = None
    if config.reidentification:
        yield Progress(phase=reidentification.PHASE, done=0, total=1, unit="tests")
        known = reidentification.reidentified(case, material, control)
    if config.membership:
        attacked = yield from membership.membership(case, material, control, shelf)
    return known, attacked


def _said(
    known: _Known, attacked: _Attacked, deep: deep_membership.Deep | None, verdict: Verdict
) -> Iterator[str]:
    """Sentences of the tests on request that came to this verdict."""
    yield from reidentification.sentences(known, verdict)
    yield from membership.sentences(attacked, verdict)
    yield from deep_membership.sentences(deep, verdict)


def _nearest(
    real: RealImages, material: Material, count: int, control: Control, shelf: Shelf | None
) -> Generator[Event, None, Nearest]:
    gallery = Gallery(images=real.images, patients=numbered(real.patients), ids=real.ids)
    steps = nearest_patients(material.exported, gallery, count, control, shelf)
    return (yield from counted(steps, NEAREST, "blocks"))
