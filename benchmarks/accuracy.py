"""What students learn from distilled images, from random real ones and from all: accuracy on test images never touched before.

    python -m benchmarks.accuracy                        # the table of docs/results.md: IPC 1 and 10
    python -m benchmarks.accuracy --methods distribution --ipc 1 --seeds 0 1 2
    python -m benchmarks.accuracy --set options.image_rate=30 --json
    python -m benchmarks.accuracy --methods --seeds 0 1 2 --reference CHECKOUT    # beside the public code of MTT

Each cell (one method, number of images and seed) is a child process that ends with a file in `--out`, so the command may be
killed and called again; what is complete is not done twice. Images come through the program's own operations: scan, label,
split, distil. Needs the radiographs of ../shared/data/cxr3 (folders train/CLASS and test/CLASS), or a folder like it.
"""

import argparse
import json
import math
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import accuracy_cells as cells
from benchmarks import accuracy_reference as public

_ROOT: Final = Path(__file__).resolve().parents[1]
_HEADINGS: Final = ("learned from", "IPC", "balanced accuracy", "accuracy", "students", "seconds", "CPU s", "peak MB")  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line of the table: the cells that it is averaged over.

    Attributes:
        title: What students learned from.
        ipc: Images per class; None for all.
        cells: Names of its cells.
    """

    title: str
    ipc: int | None
    cells: tuple[str, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill the missing cells, then print the table."""
    given = _parser().parse_args(arguments)
    if not given.data.is_dir():
        print(f"Skipped: {given.data} is not there; give a folder of images with --data.")
        return 0
    plan = _plan(given)
    if given.cell:
        own = given.reference and given.cell.startswith(public.NAME)
        code = public.Public(folder=given.reference, image_rate=given.reference_rate)
        cells.fill(given.cell, plan, code.work if own else None)
        return 0
    lines = list(_lines(given))
    for name in dict.fromkeys(["project", *(cell for line in lines for cell in _needed(line))]):
        if not plan.result(name).is_file() and not _child(name, arguments):
            return 1
    rows = [_row(line, plan) for line in lines]
    if given.json:
        print(json.dumps({"command": _command(arguments), "rows": rows}, indent=1))
    else:
        _print_table(rows, _command(arguments))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = _ROOT.parent / "shared" / "data" / "cxr3"
    out = _ROOT / "build" / "benchmarks" / "accuracy"
    parser.add_argument("--data", type=Path, default=data, help="folder with train/ and test/")
    parser.add_argument("--out", type=Path, default=out, help="where cells are kept")
    parser.add_argument(
        "--methods", nargs="*", default=["recommended", "trajectory", "distribution"]
    )
    parser.add_argument("--ipc", nargs="*", type=int, default=[1, 10], help="images per class")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0], help="one run each")
    parser.add_argument("--students", type=int, default=3, help="students per run or draw")
    parser.add_argument("--draws", type=int, default=3, help="draws of random real images")
    parser.add_argument("--coresets", nargs="*", default=[], choices=cells.CORESETS)
    parser.add_argument("--no-random", action="store_true", help="leave out random real images")
    parser.add_argument("--reference", type=Path, help="checkout of the public implementation of MTT")  # fmt: skip
    parser.add_argument("--reference-rate", type=float, default=public.IMAGE_RATE, help="its step size of the images")  # fmt: skip
    parser.add_argument("--few-shot", type=int, default=0, help="real images of each class, as paper A's 42")  # fmt: skip
    parser.add_argument("--transfer-weights", type=Path, help="torchvision weights (safetensors) for them")  # fmt: skip
    parser.add_argument("--no-whole", action="store_true", help="leave out training on all images")
    parser.add_argument("--set", nargs="*", default=[], metavar="OPTION=VALUE", dest="options",
                        help="options of the runs, e.g. iterations=300 options.image_rate=30")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--cell", help=argparse.SUPPRESS)
    return parser


def _plan(given: argparse.Namespace) -> cells.Plan:
    options = {}
    for text in given.options:
        name, _, value = text.partition("=")
        options[name] = _value(value)
    return cells.Plan(
        data=given.data.resolve(),
        out=given.out.resolve(),
        students=given.students,
        draws=given.draws,
        options=options,
        weights=given.transfer_weights,
    )


def _value(text: str) -> Any:
    """A number, true or false as TOML has it; anything else is a word."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _lines(given: argparse.Namespace) -> Iterator[Line]:
    for ipc in given.ipc:
        for method in given.methods:
            names = tuple(f"{method}-ipc{ipc}-seed{seed}" for seed in given.seeds)
            yield Line(f"distilled: {method}", ipc, names)
        if given.reference:
            names = tuple(f"{public.NAME}-ipc{ipc}-seed{seed}" for seed in given.seeds)
            yield Line("public code of MTT", ipc, names)
        for rule in given.coresets:
            yield Line(f"real, chosen by {rule}", ipc, (f"{rule}-ipc{ipc}",))
        if not given.no_random:
            yield Line("random real", ipc, (f"random-ipc{ipc}",))
    if given.few_shot:
        few = given.few_shot
        yield Line(f"real, {few} of each class, from scratch", few, (f"scratch-few{few}",))
        if given.transfer_weights:
            yield Line(f"real, {few} of each class, given weights", few, (f"transfer-few{few}",))
    if not given.no_whole:
        yield Line("all real", None, ("whole",))


def _needed(line: Line) -> Iterator[str]:
    """A line's cells, each after what it builds on."""
    for name in line.cells:
        if name.startswith(cells.WITH_EXPERTS):
            yield cells.experts_of(name.split("-", 1)[0], int(name.rsplit("seed", 1)[1]))
        if name.startswith(public.NAME):
            yield f"{public.NAME}-experts-seed{cells.number_of(name, 'seed')}"
        yield name


def _child(name: str, arguments: Sequence[str] | None) -> bool:
    print(f"... {name}", file=sys.stderr, flush=True)
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = [sys.executable, "-m", "benchmarks.accuracy", *given, "--cell", name]
    return subprocess.run(command, cwd=_ROOT, check=False).returncode == 0


def _row(line: Line, plan: cells.Plan) -> dict[str, Any]:
    found = [json.loads(plan.result(name).read_text(encoding="utf-8")) for name in line.cells]
    return {
        "title": line.title,
        "ipc": line.ipc,
        "students": sum(len(one["balanced_accuracy"]) for one in found),
        **{
            name: _spread([value for one in found for value in one[name]]) for name in cells.FIGURES
        },
        **{name: _mean([one[name] for one in found]) for name in cells.COSTS},
        "cells": list(line.cells),
    }


def _spread(values: list[float]) -> dict[str, Any]:
    mean = _mean(values)
    squares = sum((value - mean) ** 2 for value in values)
    sd = math.sqrt(squares / (len(values) - 1)) if len(values) > 1 else None
    return {"mean": mean, "sd": sd, "values": values}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _command(arguments: Sequence[str] | None) -> str:
    return " ".join(["python -m benchmarks.accuracy", *(arguments or sys.argv[1:])])


def _print_table(rows: list[dict[str, Any]], command: str) -> None:
    print(f"{command}\n")
    table = [_HEADINGS, *(_words(row) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(_HEADINGS))]
    for line in table:
        print(
            "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        )
    print(
        "\nMean and standard deviation over all students of a line. Seconds without training the experts, per run."
    )


def _words(row: dict[str, Any]) -> tuple[str, ...]:
    def both(figure: dict[str, Any]) -> str:
        spread = "" if figure["sd"] is None else f" ± {figure['sd']:.3f}"
        return f"{figure['mean']:.3f}{spread}"

    return (
        row["title"],
        "all" if row["ipc"] is None else str(row["ipc"]),
        both(row["balanced_accuracy"]),
        both(row["accuracy"]),
        str(row["students"]),
        *(f"{row[name]:.0f}" for name in cells.COSTS),
    )


if __name__ == "__main__":
    sys.exit(main())
