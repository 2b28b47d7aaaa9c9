"""How well the membership test finds members that were planted for it, by how many images they share a set with.

python -m benchmarks.membership [--data cxr3] [--sizes 6 15 30 60]
python -m benchmarks.membership --sizes --audits 20      # how often the test cries wolf, and how often it sees

For each size the positive control of the test as the program makes it (M9): small sets of training patients' own images, students on each, the three signals,
calibrated on students of reference patients. Prints the mean AUC of each signal, patients of a set against hold-out patients, and that of two groups that nothing
was trained on. The program itself plants at most 30 images in a set. No image here was used when the test was made.

With `--audits` whole membership tests, each with its own draw of strangers, training and hold-out patients: of 30 strangers' images, whom nobody trained on (every leak
found is a false alarm), and of 100 training patients' images without a ledger (a tenth of them, who hide in the average).
"""

import argparse
import time
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

import numpy as np
import torch

from benchmarks.anonymity_data import SOURCES, TUNED_ON, Data, redrawn, set_of
from meddistill_gui.audit import policy
from meddistill_gui.audit.material import Case, gathered
from meddistill_gui.audit.membership_figures import intervals, views
from meddistill_gui.audit.membership_groups import Groups, grouped, real_set
from meddistill_gui.audit.membership_signals import SIGNALS, log_odds
from meddistill_gui.audit.statistics import Float64, Interval, auc
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine.devices import prepare_threads
from meddistill_gui.engine.evaluation.students import predict, train_student

_CPU: Final = torch.device("cpu")
EXPOSED: Final = 100  # training patients whose own images are the set


@dataclass(frozen=True)
class Row:
    """Of one size: AUC of each signal on planted members, and on groups nobody trained on; one number a planted set and fold."""

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
    row = Row({name: [] for name in SIGNALS}, {name: [] for name in SIGNALS})
    for view in views(groups, [phi[0], *phi]):  # nobody asks about the noise
        for known, rows in zip(view.known, groups.planted, strict=True):
            for name, score in known.items():
                row.planted[name].append(auc(score[rows], score[view.fold.others]))
                row.nobody[name].append(auc(score[view.fold.unused], score[view.fold.others]))
    return row


def audited(data: Data, part: RealImages, count: int, seed: int) -> dict[str, list[Interval]]:
    """Intervals of every signal for a set of so many images of a part: by one half of the hold-out, and by both."""
    images = part.images[:count].astype(np.float32) / 255
    made = set_of(data, images, "noise", part.labels[:count]).distilled
    case = Case(distilled=made, train=data.train, holdout=data.holdout, seed=seed)
    groups = grouped(case, gathered(case, Control()))
    sets = (real_set(made, groups.pool, rows) for rows in (*groups.planted, *groups.references))
    phi = [_phi(one, groups, 1000 * seed + number) for number, one in enumerate((made, *sets))]
    seen = views(groups, phi)
    return {
        "one half": list(intervals(groups.members, seen[:1]).values()),
        "both halves": list(intervals(groups.members, seen).values()),
    }


def print_audits(name: str, counts: tuple[int, int], audits: int) -> None:
    """How often the test says that there is a leak, of strangers' images and of training patients'."""
    sizes = (*counts, 2000)
    source = SOURCES[name](sizes, TUNED_ON)
    print(f"{'set':<36}{'hold-out':<14}{'leak found':>12}{'AUC of the best signal':>26}{'its interval':>16}")  # fmt: skip
    for title, role, count in (("30 strangers", "validation", 30), (f"{EXPOSED} training patients", "train", EXPOSED)):  # fmt: skip
        found: dict[str, list[list[Interval]]] = {}
        for seed in range(audits):
            data = redrawn(source, seed)
            for how, given in audited(data, getattr(data, role), count, seed).items():
                found.setdefault(how, []).append(given)
        for how, tests in found.items():
            leaks = sum(any(one.low > 0.5 for one in signals) for signals in tests)
            best = [max(signals, key=lambda one: one.low) for signals in tests]
            values = [one.value for one in best]
            width = np.mean([one.high - one.low for one in best]) / 2
            print(f"{title:<36}{how:<14}{f'{leaks} of {audits}':>12}{f'{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}':>26}{f'± {width:.3f}':>16}", flush=True)  # fmt: skip


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
    parser.add_argument("--sizes", nargs="*", type=int, default=[6, 15, 30, 60])
    parser.add_argument("--train", type=int, default=1000)
    parser.add_argument("--holdout", type=int, default=500)
    parser.add_argument("--audits", type=int, default=0, help="whole tests of each kind of set")
    given = parser.parse_args()
    prepare_threads()
    if given.audits:
        print_audits(given.data, (given.train, given.holdout), given.audits)
    if not given.sizes:
        return
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
        print(f"{size:<18}{len(row.planted[SIGNALS[0]]) // 2:>6}{cells}  ({time.process_time() - began:.0f} s)", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
