"""The deep membership audit: the whole run again and again, each time with half of the training patients, drawn coin by coin.

Who was in and who was out is then known for every patient and every run, so the attacker (`deep_attack`) learns what a run says of each
patient with and without him, and is tried on the run that he left out. An average hides the exposed, so the hardest patients, the rarest class and
images that a run was started from stand in rows of their own. Beside it stand two controls: patients planted in every run's set, whom
the attack must find (`deep_control`), and coins that no run knows, which it must not call a leak.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from meddistill_gui.audit import policy
from meddistill_gui.audit.deep_attack import (
    STARTED,
    Answers,
    Bools,
    at_alarms,
    likelihood_ratios,
    measurable,
    redrawn,
    told,
)
from meddistill_gui.audit.deep_control import told_planted
from meddistill_gui.audit.one_run import OneRun, one_run
from meddistill_gui.audit.reason import Reason
from meddistill_gui.audit.statistics import (
    Float64,
    Interval,
    clopper_pearson,
)
from meddistill_gui.core.words import Verdict

PHASE: Final = "distilling again with other patients"
ALL: Final = "all"
HARDEST: Final = "hardest to classify"
RAREST: Final = "rarest class"
_RATES: Final = frozenset(map(at_alarms, policy.FALSE_ALARMS))
_REDRAWN: Final = 999
_PRETENDED: Final = 5  # every fifth of them plays the runs' own coins, for the negative control


@dataclass(frozen=True, kw_only=True)
class Told:
    """How well a group's coins are told.

    Attributes:
        value: Mean over the runs of P(an image inside scores higher than one outside), or the share that is picked out.
        p: How often coins drawn anew, with which no run has anything to do, are told as well: exact, because coins decided.
    """

    value: float
    p: float


@dataclass(frozen=True, kw_only=True)
class Deep:
    """What was found.

    Attributes:
        runs: How often the set was distilled again.
        patients: How many patients were drawn in and out.
        groups: By name.
        not_measurable: Rates of false alarms that so few patients cannot show, in words.
        guessed: What the guesses of the first run say about epsilon.
        positive: AUC on planted patients, of the weaker of the scores that were used.
        negative: How often coins that no run knows were called a leak.
    """

    runs: int
    patients: int
    groups: Mapping[str, Told]
    not_measurable: Mapping[str, str]
    guessed: OneRun
    positive: float
    negative: Interval

    @property
    def verdict(self) -> Verdict:
        """A leak where any group is told apart (Bonferroni), unless chance is called one too.

        Silence counts only where planted patients were found, and after enough runs.
        """
        if not self._keeps_quiet:
            return Verdict.CANNOT_TELL
        if any(group.p < _level(self.groups) for group in self.groups.values()):
            return Verdict.LEAK_FOUND
        enough = self._able and self.runs >= policy.DEEP_RUNS
        return Verdict.NO_LEAK_FOUND if enough else Verdict.CANNOT_TELL

    @property
    def _able(self) -> bool:
        return ALL in self.groups and self.positive >= policy.MEMBERSHIP_POSITIVE

    @property
    def _keeps_quiet(self) -> bool:
        """Whether chance is called a leak no more often than it may be."""
        return self.negative.low <= 1 - policy.CONFIDENCE

    def sentence(self) -> str:
        """With figures."""
        groups = "; ".join(self._told(3))
        return " ".join(
            (
                f"Deep membership test: the method was run again {self.runs} times, each time with about half of "
                f"{self.patients:,} patients. {groups}.",
                *(f"{name[0].upper()}{name[1:]}: {why}." for name, why in self.not_measurable.items()),
                *self._controls(),
                self.guessed.sentence(),
            )
        )  # fmt: skip

    def coarse(self) -> str:
        """Without counts of patients."""
        return f"Deep membership test, {self.runs} further runs. {'; '.join(self._told(2))}. {' '.join(self._controls())}"

    def _told(self, digits: int) -> Iterator[str]:
        for name, group in self.groups.items():
            value = f"{group.value:.1%}" if name in _RATES else f"AUC {group.value:.{digits}f}"
            yield f"{name}: {value}, p = {group.p:.3f}"

    def _controls(self) -> Iterator[str]:
        if self._able:
            yield f"The attack proved able to find patients planted in the sets (AUC {self.positive:.2f})."
        else:
            yield (
                "The attack is too weak on this data to prove silence: it finds patients planted in the sets with AUC "
                f"{self.positive:.2f} where {policy.MEMBERSHIP_POSITIVE} is asked."
            )
        if self.runs < policy.DEEP_RUNS:
            yield f"Silence counts from {policy.DEEP_RUNS} further runs on."
        called = f"{self.negative.value:.1%} of coins that no run knows were called a leak"
        if self._keeps_quiet:
            yield f"{called[0].upper()}{called[1:]}."
        else:
            yield f"It also takes chance for a leak: {called}."


def included(patients: int, run: int, seed: int) -> Bools:
    """Which patients take part in a run: one fair coin each, bool `[P]`."""
    return np.random.default_rng([seed, 8, run]).random(patients) < 0.5


@dataclass(frozen=True, kw_only=True)
class Planted:
    """What students of sets with planted patients say of these.

    Attributes:
        phi: float64 `[K, C]`.
        planted: bool `[K, C]`, whether the patient stands in the run's planted set.
    """

    phi: Float64
    planted: Bools


def judged(answers: Answers, control: Planted, seed: int) -> Deep:
    """Attack every run with what the others say.

    Args:
        answers: Of students of every run's set.
        control: Of students of the planted sets.
        seed: Of the coins drawn anew; breaks ties of guesses.
    """
    groups = _groups(answers)
    seen = {name: value for name, value in told(answers, groups).items() if np.isfinite(value)}
    random = np.random.default_rng([seed, 9])
    chance = _by_chance(answers, groups, list(seen), random)
    ratio, above = told_planted(control.phi, control.planted)
    return Deep(
        runs=len(answers.phi),
        patients=answers.coins.shape[1],
        groups={
            name: Told(value=seen[name], p=float(p))
            for name, p in zip(seen, _p(np.array(list(seen.values())), chance), strict=True)
        },
        not_measurable={
            at_alarms(alarms): f"not measurable with {answers.fewest_outside} non-members"
            for alarms in policy.FALSE_ALARMS
            if not measurable(answers.fewest_outside, alarms)
        },
        guessed=_guessed(answers, seed),
        positive=min(ratio, above) if STARTED in seen else ratio,
        negative=_called_a_leak(chance),
    )


def _by_chance(
    answers: Answers, groups: Mapping[str, Bools], names: list[str], random: np.random.Generator
) -> Float64:
    """What coins drawn anew give, float64 `[draws, groups]`; 0 where one leaves a group without a side."""
    rows = [told(redrawn(answers, random), groups) for _ in range(_REDRAWN)]
    found = np.array([[row.get(name, 0.0) for name in names] for row in rows], dtype=np.float64)
    return np.where(np.isfinite(found), found, 0.0)


def _p(seen: Float64, chance: Float64) -> Float64:
    """Share of draws that are told as well, this one among them; float64 `[groups]` of `[groups]` and `[draws, groups]`."""
    return np.asarray((1 + (chance >= seen).sum(0)) / (1 + len(chance)), dtype=np.float64)


def _called_a_leak(chance: Float64) -> Interval:
    """How often the test calls chance a leak: some draws play the runs' own coins before the others."""
    pretended, rest = chance[::_PRETENDED], np.delete(chance, np.s_[::_PRETENDED], axis=0)
    level = (1 - policy.CONFIDENCE) / max(1, chance.shape[1])
    called = sum(bool((_p(seen, rest) < level).any()) for seen in pretended)
    return clopper_pearson(called, len(pretended), policy.BLIND_CONFIDENCE)


def _level(groups: Mapping[str, Told]) -> float:
    return (1 - policy.CONFIDENCE) / max(1, len(groups))


def _guessed(answers: Answers, seed: int) -> OneRun:
    """Guesses about the first run, one image of each patient: their coins are independent."""
    _, first = np.unique(answers.patients, return_index=True)
    scores = likelihood_ratios(answers.phi[:, first], answers.inside[:, first])[0]
    known, was_in = np.isfinite(scores), answers.inside[0, first]
    return one_run(scores[known & was_in], scores[known & ~was_in], seed)


def _groups(answers: Answers) -> dict[str, Bools]:
    """Everybody; those whom the runs classify worst, with them or without: a choice by one side would favour it; the rarest class."""
    usual = answers.phi.mean(0)
    hardest = usual <= np.quantile(usual, policy.HARDEST)
    counts = np.bincount(answers.labels)
    rarest = answers.labels == np.where(counts > 0, counts, counts.sum() + 1).argmin()
    return {ALL: np.ones(len(usual), dtype=np.bool_), HARDEST: hardest, RAREST: rarest}


def reasons(found: Deep | str | None, verdict: Verdict) -> Iterator[Reason]:
    """What the test says, if it came to this verdict; that it could not be made is a doubt."""
    if isinstance(found, str) and verdict == Verdict.CANNOT_TELL:
        yield Reason(sentence=found, coarse=found)
    if isinstance(found, Deep) and found.verdict == verdict:
        yield Reason(sentence=found.sentence(), coarse=found.coarse())


def plain(found: Deep | str | None) -> dict[str, Any] | None:
    """For the fine-grained report."""
    if found is None:
        return None
    if isinstance(found, str):
        return {"sentence": found}
    return {
        "verdict": str(found.verdict),
        "sentence": found.sentence(),
        "runs": found.runs,
        "patients": found.patients,
        "groups": {name: asdict(group) for name, group in found.groups.items()},
        "not_measurable": dict(found.not_measurable),
        "one_run": asdict(found.guessed),
        "positive_control": found.positive,
        "negative_control": asdict(found.negative),
    }
