"""How well the membership test finds members that were planted for it, by how many images they share a set with.

python -m benchmarks.membership [--data cxr3] [--sizes 6 15 30 60]

For each size the positive control of the test as the program makes it (M9): small sets of training patients' own images, students on each, the three signals,
calibrated on students of reference patients. Prints the mean AUC of each signal, patients of a set against hold-out patients, and that of two groups that nothing
was trained on. The program itself plants at most 30 images in a set. No image here was used when the test was made.
"""

import argparse
import time
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

import numpy as np
import torch

from benchmarks.anonymity_data import SOURCES, TUNED_ON, Data, set_of
from meddistill_gui.audit import policy
from meddistill_gui.audit.material import Case, gathered
from meddistill_gui.audit.membership_groups import Groups, grouped, real_set
from meddistill_gui.audit.membership_signals import SIGNALS, log_odds, signals, stacked
from meddistill_gui.audit.statistics import Float64, auc
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.engine.devices import prepare_threads
from meddistill_gui.engine.evaluation.students import predict, train_student

_CPU: Final = torch.device("cpu")


@dataclass(frozen=True)
class Row:
    """Of one size: AUC of each signal on planted members, and on groups nobody trained on; one number a planted set."""

    planted: dict[str, list[float]]
    nobody: dict[str, list[float]]


def measured(data: Data, size: int) -> Row:
    """The control of an audited set with so many images."""
    noise = np.random.default_rng(size).normal(0.5, 0.3, (size, *data.train.images.shape[1:]))
    made = set_of(data, noise.astype(np.float32), "noise").distilled
    case = Case(distilled=made, train=data.train, holdout=data.holdout, seed=0)
    with patch.object(policy, "MEMBERSHIP_SET", size):  # beyond what the program plants, too
        groups = grouped(case, gathered(case, Control()))
    phi = [
        _phi(real_set(made, groups.pool, rows), groups, number)
        for number, rows in enumerate((*groups.planted, *groups.references), start=1)
    ]
    planted = phi[: len(groups.planted)]
    references = stacked(phi[len(groups.planted) :], groups.references, groups.drawn_from)
    row = Row({name: [] for name in SIGNALS}, {name: [] for name in SIGNALS})
    for own, rows in zip(planted, groups.planted, strict=True):
        for name, score in signals(own, references).items():
            row.planted[name].append(auc(score[rows], score[groups.others]))
            row.nobody[name].append(auc(score[groups.unused], score[groups.others]))
    return row


def _phi(made: DistilledSet, groups: Groups, number: int) -> Float64:
    """Mean φ of every image of the pool under students of a set, seeded as in an audit."""
    rounds: list[Any] = []
    for student in range(policy.STUDENTS_ON_CPU):
        theta = train_student(made, seed=number * 100 + student, device=_CPU, control=Control())
        rounds.append(log_odds(predict(made.recipe, theta, groups.pool, _CPU), groups.pool.labels))
    return np.asarray(np.mean(rounds, axis=0), dtype=np.float64)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", choices=SOURCES, default="cxr3")
    parser.add_argument("--sizes", nargs="+", type=int, default=[6, 15, 30, 60])
    parser.add_argument("--train", type=int, default=1000)
    parser.add_argument("--holdout", type=int, default=500)
    given = parser.parse_args()
    prepare_threads()
    data = SOURCES[given.data]((given.train, given.holdout, 1), TUNED_ON)
    print(f"{given.data}: {given.train} training and {given.holdout} hold-out images")
    print(f"{'images in a set':<18}{'sets':>6}" + "".join(f"{name:>34}" for name in SIGNALS))
    for size in given.sizes:
        began = time.process_time()
        row = measured(data, size)
        if not row.planted[SIGNALS[0]]:
            print(f"{size:<18}the smallest class has too few images for such a set")
            continue
        cells = "".join(
            f"{np.mean(row.planted[name]):>13.2f} ± {np.std(row.planted[name]):.2f}, nobody {np.mean(row.nobody[name]):.2f}"
            for name in SIGNALS
        )
        print(f"{size:<18}{len(row.planted[SIGNALS[0]]):>6}{cells}  ({time.process_time() - began:.0f} s)", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
