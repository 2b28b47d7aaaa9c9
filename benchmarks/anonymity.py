"""What the audit finds and what it misses, on real radiographs and on invented ones.

python -m benchmarks.anonymity [--data phantoms cxr3] [--planted 40] [--cells FOLDER] [--membership cxr3] [--sets NAME ...] [--seed 0] [--tuned]

First table: planted leak x score, share flagged | share with the right patient ranked first, thresholds from half of the
hold-out (score D has a limit for each image: patients in its texture); false alarms of the other half below. Raw distance stands beside the program's own scores because it is what other tools
measure. Second table: whole sets, each with the verdict of every measure. Images that the rule was not chosen on, unless `--tuned`.
cxr3 names no patients: each image counts as a patient of its own, and patients with several images may stand on both sides, which raises the
thresholds and hides leaks. With `--cells` what was measured is kept, and a second call goes on.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from benchmarks.anonymity_data import CXR3, SIDE, SOURCES, TUNED_ON, Data, Made, floats, made_sets
from meddistill_gui.audit import policy
from meddistill_gui.audit.copy_search import MarginSearch, Scores, ViewSearch, aligned, joined
from meddistill_gui.audit.examination import examine
from meddistill_gui.audit.nearest import distances
from meddistill_gui.audit.planted import planted
from meddistill_gui.audit.whitened import Against, WhitenedSearch
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine.devices import prepare_threads

_SCORES: Final = ("raw distance", "A margin", "B views", "D whitened")
_OURS: Final = _SCORES[1:]
Cell = dict[str, Any]


def planted_cell(data: Data, count: int) -> Cell:
    """Planted kind x score: shares flagged and with the right patient first; false alarms."""
    training, held = floats(data.train), floats(data.holdout)
    whitened = WhitenedSearch(training, data.train.patients)
    same = whitened.same_film(held, Control())[0] | (
        aligned(held, training, Control())[0] >= policy.NEAR_DUPLICATE
    )
    held = held[torch.from_numpy(~same)]
    leaks = planted(training, data.train.patients, torch.rand(8, 1, SIDE, SIDE), count, 0)
    queries = torch.cat([held, *(leak.images for leak in leaks)])
    scores = {
        "raw distance": _raw(queries, data.train),
        "A margin": _finished(MarginSearch(training, data.train.patients).run(queries, Control())),
        "B views": _finished(ViewSearch(training).run(queries, Control())),
    }
    half = len(held) // 2
    flags = {name: found.score > found.score[:half].max() for name, found in scores.items()}
    dressed: Against = _finished(whitened.against(queries[half:], held[:half], Control()))
    scores["D whitened"] = joined([whitened.run(held[:half], Control()), dressed.scores])
    flags["D whitened"] = np.concatenate([np.zeros(half, dtype=np.bool_), dressed.flags])
    rows = {}
    for number, leak in enumerate(leaks):
        part = slice(len(held) + number * count, len(held) + (number + 1) * count)
        rows[leak.kind] = {
            name: [
                float(flags[name][part].mean()),
                float((scores[name].source[part] == leak.sources).mean()),
            ]
            for name in _SCORES
        } | {"any": float(np.any([flags[name][part] for name in _OURS], axis=0).mean())}
    alarms = {name: float(flags[name][half : len(held)].mean()) for name in _SCORES}
    together = np.any([flags[name][half : len(held)] for name in _OURS], axis=0)
    return {
        "kinds": rows,
        "alarms": alarms | {"any": float(together.mean())},
        "same": int(same.sum()),
    }


def set_cell(data: Data, made: Made, *, membership: bool, seed: int = 0) -> Cell:
    """A whole audit of a set; what each measure says."""
    config = AuditConfig(run=Path(), planted=20, membership=membership, seed=seed)
    began = time.process_time()
    report: Cell = _finished(
        examine(made.distilled, data.train, data.holdout, config, Control(), made.ledger)
    )
    counts = {
        what: sum(image[what] for image in report["images"])
        for what in ("flagged", "explained", "confirmed", "exact")
    }
    recovery = report["recovery"]
    attacked = report.get("membership") or {}
    best = max(attacked.get("auc", {}).values(), key=lambda one: one["low"], default=None)
    started = max(
        attacked.get("initialisers", {}).values(), key=lambda one: one["low"], default=None
    )
    return {
        **counts,
        "images": len(report["images"]),
        "closeness": report["closeness"]["value"],
        "z": report["three_sample"]["z"],
        "off": report["off_manifold"],
        "recovered": [recovery.get("recovered"), recovery.get("started")],
        "auc": best,
        "initialisers": started,
        "control": attacked.get("positive_control"),
        "membership": attacked.get("verdict"),
        "verdict": report["verdict"],
        "reasons": report["reasons"][:3],
        "seconds": time.process_time() - began,
    }


def print_planted(cell: Cell) -> None:
    """The first table."""
    print(
        f"\n{'planted leak':<28}"
        + "".join(f"{name:>16}" for name in _SCORES)
        + f"{'A, B or D':>11}"
    )
    for kind, row in cell["kinds"].items():
        shares = "".join(f"{row[name][0]:>9.0%} |{row[name][1]:>4.0%} " for name in _SCORES)
        print(f"{kind:<28}{shares}{row['any']:>10.0%}")
    alarms = "".join(f"{cell['alarms'][name]:>15.1%} " for name in _SCORES)
    print(f"{'new patients (false alarms)':<28}{alarms}{cell['alarms']['any']:>10.1%}")
    print(
        f"hold-out images left out, because their film is among the training images: {cell['same']}"
    )


def print_set(name: str, cell: Cell) -> None:
    """One line of the second table."""
    auc, started = (
        f"{one['value']:.2f} ({one['low']:.2f}-{one['high']:.2f})" if one else "-"
        for one in (cell["auc"], cell["initialisers"])
    )
    recovered = "-" if cell["recovered"][0] is None else "{} of {}".format(*cell["recovered"])
    z = "-" if cell["z"] is None else f"{cell['z']:+.1f}"
    print(
        f"{name:<36}{cell['images']:>5}{cell['flagged']:>8}{cell['explained']:>10}{cell['confirmed']:>10}"
        f"{cell['closeness']:>7.2f}{z:>7}{recovered:>12}  {auc:<18}{started:<18}{cell['verdict']} ({cell['seconds']:.0f} s)"
    )


def _raw(queries: torch.Tensor, train: RealImages) -> Scores:
    """What other tools measure: the distance to the nearest training image, here negative so that near is great."""
    pixels = np.clip(np.rint(queries.numpy() * 255), 0, 255).astype(np.uint8)
    found = distances(pixels, train.images)
    score = -found.min(1).astype(np.float64)
    return Scores(
        score=score, source=found.argmin(1), similarity=score, how=np.zeros(len(score), np.int64)
    )


def _cell(folder: Path | None, name: str, measure: Callable[[], Cell]) -> Cell:
    """A cell, measured now or by an earlier call."""
    path = folder / f"{name.replace(' ', '-').replace('/', '-')}.json" if folder else None
    if path and path.is_file():
        kept: Cell = json.loads(path.read_text())
        return kept
    found = measure()
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=1))
    return found


def _finished(steps: Any) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _source(data: Data, chosen: argparse.Namespace) -> None:
    print(
        f"\n== {data.name}: {len(data.train)} training, {len(data.holdout)} hold-out images, {SIDE} x {SIDE}"
    )
    print_planted(
        _cell(chosen.cells, f"{data.name} planted", lambda: planted_cell(data, chosen.planted))
    )
    print(
        f"\n{'set':<36}{'size':>5}{'flagged':>8}{'explained':>10}{'confirmed':>10}{'M2':>7}{'M3':>7}{'M4':>12}"
        f"  {'M9':<18}{'M9, starters':<18}verdict"
    )
    for name, make in made_sets(data):
        if chosen.sets is not None and name not in chosen.sets:
            continue
        asked = data.name in chosen.membership
        cell = _cell(
            chosen.cells,
            f"{data.name} set {name}" + (f" seed {chosen.seed}" if chosen.seed else ""),
            lambda make=make, asked=asked: set_cell(
                data, make(), membership=asked, seed=chosen.seed
            ),
        )
        print_set(name, cell)


def main() -> None:
    """Print both tables for each source."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", nargs="+", choices=SOURCES, default=list(SOURCES))
    parser.add_argument("--train", type=int, default=1000)
    parser.add_argument("--holdout", type=int, default=500)
    parser.add_argument("--planted", type=int, default=40)
    parser.add_argument("--membership", nargs="*", choices=SOURCES, default=["cxr3"])
    parser.add_argument("--sets", nargs="*", default=None, help="only these of the second table")
    parser.add_argument("--seed", type=int, default=0, help="of the audits")
    parser.add_argument("--cells", type=Path, default=None)
    parser.add_argument(
        "--tuned", action="store_true", help="the images that the rule was chosen on"
    )
    chosen = parser.parse_args()
    prepare_threads()
    counts = (chosen.train, chosen.holdout, 200)
    for name in chosen.data:
        if name == "cxr3" and not CXR3.is_dir():
            print("\ncxr3: not beside this checkout, left out")
            continue
        _source(SOURCES[name](counts, 0 if chosen.tuned else TUNED_ON), chosen)


if __name__ == "__main__":
    main()
