"""What one hospital's synthetic images are worth to another one, on radiographs divided between them.

    python -m benchmarks.two_hospitals                    # the table of docs/results.md: three seeds
    python -m benchmarks.two_hospitals --own 3 15 --seeds 0 --ipc 10

A and B each get half of the images; of near copies (`data.copies`) only one image is kept, so that no picture stands on both
sides. For each seed A distils its half and sends the bundle (export, read back, rename); B receives the file, trains on it,
on its own n images of each class, and on both together, and tests on its own part that nothing was trained on. The last row
breaks the wall: a network trained on all of A's images, which B can never have (first seed only). Each cell leaves a file in `--out`, so the
command may be stopped and called again.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from meddistill_gui.core import distilled
from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.bundle import ExportConfig, ReceiveConfig
from meddistill_gui.core.configs.distill import DistillConfig, ImagesConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Event, Finished
from meddistill_gui.core.files import write_whole
from meddistill_gui.core.project import Project
from meddistill_gui.data.catalogue import INNER_PATH, open_catalogue
from meddistill_gui.data.division.copies import list_copies
from meddistill_gui.engine import devices
from meddistill_gui.engine.evaluation import baselines
from meddistill_gui.engine.evaluation.metrics import interval
from meddistill_gui.operations.distill import distill
from meddistill_gui.operations.export import export
from meddistill_gui.operations.label import label
from meddistill_gui.operations.real_images import roles_read
from meddistill_gui.operations.receive import in_order, receive
from meddistill_gui.operations.scan import scan
from meddistill_gui.operations.split import split
from meddistill_gui.operations.worth import tested_student

_ROOT: Final = Path(__file__).resolve().parents[1]
_FIGURES: Final = ("balanced_accuracy", "auroc", "calibration_error")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What all cells share.

    Attributes:
        data: Source folder, a sub-folder per class at any depth.
        out: Folder of everything that is made.
        ipc: Images per class that A distils.
        students: Students per row and seed.
        options: More options of A's runs by dotted name.
    """

    data: Path
    out: Path
    ipc: int
    students: int
    options: dict[str, Any]

    def project(self, hospital: str) -> Path:
        """A's or B's project."""
        return self.out / f"project-{hospital}"

    def bundle(self, seed: int) -> Path:
        """What A sent."""
        return self.out / "stick" / f"a{seed}.distilled.zip"


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill the missing cells, then print the table."""
    given = _parser().parse_args(arguments)
    if not given.data.is_dir():
        print(f"Skipped: {given.data} is not there; give a folder of images with --data.")
        return 0
    options = {"experts.count": given.experts, "evaluation.steps": given.steps}
    plan = Plan(
        data=given.data.resolve(), out=given.out.resolve(), ipc=given.ipc, students=given.students, options=options
    )  # fmt: skip
    devices.prepare_threads()
    _cell(plan, "hospitals", lambda: _hospitals(plan))
    for seed in given.seeds:
        _cell(plan, f"a{seed}", lambda seed=seed: _sent(plan, seed))
        for own in given.own:
            _cell(plan, f"b{seed}-own{own}", lambda seed=seed, own=own: _received(plan, seed, own))
    first = given.seeds[0]
    _cell(plan, f"all{first}", lambda: _all_of_a(plan, first))
    _print_table(plan, given.seeds, given.own)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.two_hospitals",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = _ROOT.parent / "shared" / "data" / "cxr3"
    out = _ROOT / "build" / "benchmarks" / "two_hospitals"
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--out", type=Path, default=out, help="where cells are kept")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--ipc", type=int, default=1, help="images per class that A distils")
    parser.add_argument("--own", nargs="*", type=int, default=[3, 15], help="B's images per class")  # fmt: skip
    parser.add_argument("--students", type=int, default=2, help="students per row and seed")
    parser.add_argument("--experts", type=int, default=4, help="A's expert networks")
    parser.add_argument("--steps", type=int, default=300, help="steps of a student")
    return parser


def _cell(plan: Plan, name: str, work: Callable[[], dict[str, Any]]) -> None:
    path = _result(plan, name)
    if path.is_file():
        return
    print(f"... {name}", file=sys.stderr, flush=True)
    began = time.process_time()
    found = work()
    path.parent.mkdir(parents=True, exist_ok=True)
    found["cpu_seconds"] = time.process_time() - began
    write_whole(path, json.dumps(found, indent=1).encode())


def _result(plan: Plan, name: str) -> Path:
    return plan.out / "cells" / f"{name}.json"


def _hospitals(plan: Plan) -> dict[str, Any]:
    """Divide the images, class by class, and make both projects."""
    everything = plan.out / "project-everything"
    _prepare(plan.data, everything)
    images = ImagesConfig(size=32)
    _followed(roles_read(everything, images, ("train",), Control()))  # also finds the near copies
    with open_catalogue(Project(everything).catalogue) as catalogue:
        copies = {pair.other for pair in list_copies(catalogue)}
        rows = catalogue.connection.execute(
            f"SELECT image.id, {INNER_PATH}, class.name FROM image JOIN file ON file.id = image.file "  # noqa: S608 - a constant
            "JOIN label ON label.image = image.id JOIN class ON class.id = label.class ORDER BY image.id"
        ).fetchall()
    kept = [row for row in rows if row[0] not in copies]
    side = np.random.default_rng(0).permutation(len(kept)) % 2
    for (image, path, name), b in zip(kept, side, strict=True):
        folder = plan.out / ("source-B" if b else "source-A") / name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(plan.data / path, folder / f"radiograph-{image:06d}{Path(path).suffix}")
    for hospital, test in (("A", 0.0), ("B", 0.4)):
        _prepare(plan.out / f"source-{hospital}", plan.project(hospital), test)
    return {"images": len(kept), "left_out": len(copies)}


def _prepare(source: Path, project: Path, test: float = 0.1) -> None:
    _finished(scan(ScanConfig(source=source, project=project), Control()))
    _finished(label(LabelConfig(project=project), Control()))
    parts = SplitConfig(project=project, validation=0.1, test=test, holdout=0.0)
    _finished(split(parts, Control()))


def _sent(plan: Plan, seed: int) -> dict[str, Any]:
    """A distils and sends."""
    config = with_values(
        DistillConfig(project=plan.project("A"), name=f"run{seed}", seed=seed),
        {"method": "trajectory", "images_per_class": plan.ipc, **plan.options},
    )
    _finished(distill(config, Control()))
    stick = plan.out / "stick"
    stick.mkdir(exist_ok=True)
    run = plan.project("A") / "runs" / f"run{seed}"
    sent = _finished(export(ExportConfig(run=run, to=stick, name=f"a{seed}"), Control()))
    return {"bytes": sent["bytes"]}


def _received(plan: Plan, seed: int, own: int) -> dict[str, Any]:
    """B trains on the bundle, on its own images, and on both."""
    out = plan.out / f"received-{seed}-{own}"
    config = ReceiveConfig(
        bundle=plan.bundle(seed),
        out=out,
        project=plan.project("B"),
        students=plan.students,
        own_images=own,
        seed=1000 * seed,
    )
    return _finished(receive(config, Control()))


def _all_of_a(plan: Plan, seed: int) -> dict[str, Any]:
    """The unreachable bound: a network trained on A's images, tested on B's."""
    received = distilled.load(
        plan.project("A") / "runs" / f"run{seed}" / "result" / "distilled.safetensors"
    )
    images, device = ImagesConfig(size=received.recipe.size), devices.choose("auto")
    (train,) = _followed(roles_read(plan.project("A"), images, ("train",), Control()))
    validation, test = _followed(
        roles_read(plan.project("B"), images, ("validation", "test"), Control())
    )
    theta = baselines.train_on_all(
        train, received.recipe, seed=seed, device=device, control=Control()
    )
    both = in_order((validation, test), received.recipe.class_names)
    found = tested_student(received, theta, both, device)
    figures = {name: {"values": [getattr(found, name)]} for name in _FIGURES}
    return {"rows": [{"name": "all", "title": "", "training_images": len(train), **figures}]}


def _finished(steps: Iterator[Event]) -> dict[str, Any]:
    *_, last = steps
    if not isinstance(last, Finished):
        raise TypeError("the operation did not finish")
    return dict(last.summary)


def _followed(steps: Any) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _print_table(plan: Plan, seeds: Sequence[int], owns: Sequence[int]) -> None:
    cells = {path.stem: json.loads(path.read_text()) for path in (plan.out / "cells").iterdir()}
    first = cells[f"b{seeds[0]}-own{owns[0]}"]
    print(
        f"{cells['hospitals']['images']:,} images, {cells['hospitals']['left_out']} near copies left out; ",
        end="",
    )
    print(
        f"tested on {first['test_images']:,} of B; bundle of {cells[f'a{seeds[0]}']['bytes'] / 1000:.0f} kB\n"
    )
    print("| B's students learn from | images | balanced accuracy | by seed | AUROC | calibration error |\n|---|---|---|---|---|---|")  # fmt: skip
    _print_row([cells[f"b{seed}-own{owns[0]}"] for seed in seeds], "bundle", "A's bundle")
    for own in owns:
        received = [cells[f"b{seed}-own{own}"] for seed in seeds]
        _print_row(received, "own", f"B's own, {own} of each class")
        _print_row(received, "both", "both together")
    _print_row([cells[f"all{seeds[0]}"]], "all", "all of A's training images (unreachable)")  # fmt: skip
    print(f"\n{sum(cell['cpu_seconds'] for cell in cells.values()):,.0f} CPU seconds in all")


def _print_row(cells: Sequence[dict[str, Any]], name: str, title: str) -> None:
    rows = [next(row for row in cell["rows"] if row["name"] == name) for cell in cells]
    words = []
    for figure in _FIGURES:
        spread = interval([value for row in rows for value in row[figure]["values"]])
        words.append(f"{spread.mean:.3f}" + ("" if np.isnan(spread.sd) else f" ± {spread.sd:.3f}"))
    seeds = ", ".join(f"{np.mean(row['balanced_accuracy']['values']):.3f}" for row in rows)
    print(f"| {title} | {rows[0]['training_images']:,} | {words[0]} | {seeds} | {words[1]} | {words[2]} |")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
