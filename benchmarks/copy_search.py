"""How long the copy search takes on a large archive, beside the time that its arithmetic alone would need.

python -m benchmarks.copy_search [--real 100000] [--synthetic 200] [--side 224] [--part 0.1] [--folder FOLDER]

Invented images: smooth fields, as smooth as radiographs are, as many as an archive has; half of the synthetic ones are such fields under texture, half are noise.
For each step: seconds of one core, the floating-point work of its matrix products, and the seconds which that work needs at the rate
of a plain large product on this machine (measured first). Scores A and B run on a part of the archive (`--part`) and are scaled: their
work grows in proportion. The pruned search of exact distances runs on the whole and is compared with all pairs for a few images.
"""

import argparse
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from meddistill_gui.audit import copy_search, nearest, policy
from meddistill_gui.audit.descriptors import reduced
from meddistill_gui.audit.nearest import Gallery, nearest_patients
from meddistill_gui.audit.views import VIEWS
from meddistill_gui.core.control import Control
from meddistill_gui.engine.devices import prepare_threads

UINT8 = npt.NDArray[np.uint8]
_POOL: Final = 256
_CHECKED: Final = 3


def archive(folder: Path, count: int, side: int) -> UINT8:
    """A memory map of invented images, uint8 `[N, 1, S, S]`, no two alike."""
    random = np.random.default_rng(0)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]) * side
    noise = np.fft.rfft2(random.normal(size=(_POOL, side, side)))
    pool = np.fft.irfft2(noise / (1 + frequency) ** 2, s=(side, side))
    pool = (pool / pool.std() * 40).astype(np.float32)
    made = np.memmap(folder / "archive", np.uint8, "w+", shape=(count, 1, side, side))
    for row in range(count):
        first, second = random.integers(_POOL, size=2)
        moved = np.roll(pool[second], tuple(random.integers(side, size=2)), (0, 1))
        made[row, 0] = np.clip(128 + random.normal(0, 15) + pool[first] * 0.7 + moved, 0, 255)
    return made


def synthetic(real: UINT8, count: int) -> UINT8:
    """Half patients under strong texture, half noise."""
    random = np.random.default_rng(1)
    chosen = real[random.integers(len(real), size=count)].astype(np.float32)
    chosen[count // 2 :] = 128
    return np.clip(chosen + random.normal(0, 50, chosen.shape), 0, 255).astype(np.uint8)


def rate(dtype: torch.dtype) -> float:
    """Floating-point operations per second of one large product."""
    a, b = torch.randn(1024, 2048).to(dtype), torch.randn(2048, 2048).to(dtype)
    a @ b
    began, times = time.process_time(), 8
    for _ in range(times):
        a @ b
    return times * 2 * 1024 * 2048 * 2048 / (time.process_time() - began)


def row(what: str, seconds: float, work: float, per_second: float, note: str = "") -> None:
    """One line of the table."""
    print(f"{what:<46}{seconds:>9.0f} s{work / 1e12:>9.2f}{work / per_second:>9.0f} s  {note}")


def exact(real: UINT8, ours: UINT8, per_second: float) -> None:
    """Score C, pruned, on the whole archive."""
    numbers = np.arange(len(real))
    gallery = Gallery(images=real, patients=numbers, ids=numbers)
    compared = [0]
    usual = nearest.distances

    def counting(a: UINT8, b: UINT8) -> npt.NDArray[np.int64]:
        compared[0] += len(a) * len(b)
        return usual(a, b)

    count = policy.MARGIN_NEIGHBOURS + 1
    nearest.distances = counting
    began = time.process_time()
    found = _end(nearest_patients(ours, gallery, count, Control()))
    seconds = time.process_time() - began
    nearest.distances = usual
    pairs = len(real) * len(ours)
    work = 2.0 * pairs * real[0].size
    share = compared[0] / pairs
    row(
        "C, nearest 51 patients, pruned",
        seconds,
        work,
        per_second,
        f"{share:.1%} of pairs compared",
    )
    chosen = np.linspace(0, len(ours) - 1, _CHECKED).astype(int)
    began = time.process_time()
    whole = np.concatenate(
        [usual(ours[chosen], real[start : start + 1024]) for start in range(0, len(real), 1024)], 1
    )
    seconds = (time.process_time() - began) * len(ours) / _CHECKED
    order = np.argsort(whole, axis=1, kind="stable")[:, :count]
    same = bool((order == found.rows[chosen]).all())
    row(
        "C, all pairs",
        seconds,
        work,
        per_second,
        f"from {_CHECKED} images; same answer: {same}",
    )


def scores(real: UINT8, ours: UINT8, part: float, per_second: float) -> None:
    """Scores A and B on a part of the archive, scaled to the whole."""
    few = real[: int(len(real) * part)]
    began = time.process_time()
    training = torch.cat(
        [
            reduced(
                torch.from_numpy(few[start : start + 1024] / np.float32(255)), policy.MARGIN_SIDE
            )
            for start in range(0, len(few), 1024)
        ]
    )
    queries = reduced(torch.from_numpy(ours / np.float32(255)), policy.MARGIN_SIDE)
    row("reading and reducing", (time.process_time() - began) / part, 0.0, per_second)
    pairs = 2.0 * len(real) * len(ours)
    began = time.process_time()
    margin = copy_search.MarginSearch(training, np.arange(len(few)))
    row("A, preparing three bands", (time.process_time() - began) / part, 0.0, per_second)
    began = time.process_time()
    _end(margin.run(queries, Control()))
    seconds = (time.process_time() - began) / part
    row("A, aligned margin", seconds, pairs * len(policy.BANDS) * policy.MARGIN_SIDE**2, per_second)
    del margin
    began = time.process_time()
    _end(copy_search.ViewSearch(training).run(queries, Control()))
    seconds = (time.process_time() - began) / part
    middle = policy.SEARCH_SIDES[policy.BANDS.index(1.0)] ** 2
    each = 2 * sum(side**2 for side in policy.SEARCH_SIDES) + 2 * middle
    row("B, 34 views, six channels, inverted", seconds, pairs * len(VIEWS) * each, per_second)


def _end(steps: Generator[tuple[int, int], None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--real", type=int, default=100_000)
    parser.add_argument("--synthetic", type=int, default=200)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--part", type=float, default=0.1)
    parser.add_argument("--folder", type=Path, default=None)
    chosen = parser.parse_args()
    prepare_threads()
    torch.set_num_threads(1)
    single, double = rate(torch.float32), rate(torch.float64)
    print(
        f"{chosen.real:,} real x {chosen.synthetic} synthetic, {chosen.side} x {chosen.side}; one core, "
        f"{single / 1e9:.0f} GFLOP/s in float32, {double / 1e9:.0f} in float64"
    )
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        real = archive(Path(folder), chosen.real, chosen.side)
        ours = synthetic(real, chosen.synthetic)
        print(f"{'step':<46}{'core time':>11}{'TFLOP':>9}{'bound':>11}")
        exact(real, ours, double)
        scores(real, ours, chosen.part, single)


if __name__ == "__main__":
    main()
