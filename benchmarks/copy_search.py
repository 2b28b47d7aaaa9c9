"""How long the copy search takes on a large archive, beside the time that its arithmetic alone would need.

python -m benchmarks.copy_search [--real 100000] [--synthetic 200] [--side 224] [--part 0.1] [--scores C ABD] [--device cpu] [--folder FOLDER]

Invented images: smooth fields, as smooth as radiographs are, as many as an archive has; half of the synthetic ones are such fields under texture, half are noise.
For each step: seconds of one core, the floating-point work of its matrix products, the seconds which that work needs at the rate
of a plain large product on this machine (measured first), and how many times as long it took. Scores A, B and D run on a part of the archive (`--part`) and are
scaled: their work grows in proportion; D, whose work grows with the synthetic images too, is timed on ten of them. The pruned search of exact distances runs on the whole and is
compared with all pairs for a few images. On a GPU (`--device cuda`; not tried by us) A and B run there; seconds are those of the processor beside it.
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
from meddistill_gui.audit.whitened import WhitenedSearch
from meddistill_gui.core.control import Control
from meddistill_gui.engine.devices import prepare_threads

UINT8 = npt.NDArray[np.uint8]
_POOL: Final = 256
_CHECKED: Final = 2
_DRESSED: Final = 10  # images of which score D is timed


def archive(folder: Path, count: int, side: int) -> UINT8:
    """A memory map of invented images, uint8 `[N, 1, S, S]`, no two alike."""
    random = np.random.default_rng(0)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]) * side
    noise = np.fft.rfft2(random.normal(size=(_POOL, side, side)))
    pool = np.fft.irfft2(noise / (1 + frequency) ** 2, s=(side, side))
    pool *= 40 / pool.std()
    still = (128 + 0.7 * pool).astype(np.int16)
    moving = np.tile(pool.astype(np.int16), (1, 2, 2))
    made = np.memmap(folder / "archive", np.uint8, "w+", shape=(count, 1, side, side))
    for row in range(count):
        first, second = random.integers(_POOL, size=2)
        down, right = random.integers(side, size=2)
        whole = still[first] + moving[second, down : down + side, right : right + side]
        made[row, 0] = np.clip(whole + np.int16(random.normal(0, 15)), 0, 255)
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
    times = f"{seconds * per_second / work:>8.1f}" if work else f"{'':>8}"
    print(
        f"{what:<46}{seconds:>9.0f} s{work / 1e12:>9.2f}{work / per_second:>9.0f} s{times}  {note}",
        flush=True,
    )


def exact(real: UINT8, ours: UINT8, per_second: float) -> None:
    """Score C, pruned, on the whole archive."""
    numbers = np.arange(len(real))
    gallery = Gallery(images=real, patients=numbers, ids=numbers)
    compared = [0]
    usual = nearest.exact_distances

    def counting(a: Any, b: Any) -> npt.NDArray[np.int64]:
        compared[0] += len(a.squares) * len(b.squares)
        return usual(a, b)

    count = policy.MARGIN_NEIGHBOURS + 1
    nearest.exact_distances = counting
    began = time.process_time()
    found = _end(nearest_patients(ours, gallery, count, Control()))
    seconds = time.process_time() - began
    nearest.exact_distances = usual
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
        [_slowly(ours[chosen], real[start : start + 64]) for start in range(0, len(real), 64)], 1
    )
    seconds = (time.process_time() - began) * len(ours) / _CHECKED
    order = np.argsort(whole, axis=1, kind="stable")[:, :count]
    same = bool((order == found.rows[chosen]).all())
    row(
        "C, all pairs, one by one in whole numbers",
        seconds,
        work,
        per_second,
        f"from {_CHECKED} images; same answer: {same}",
    )


def _slowly(ours: UINT8, real: UINT8) -> npt.NDArray[np.int64]:
    """Whole numbers all the way, pair by pair."""
    wide = real.astype(np.int32)
    each = (np.square(wide - one).sum((1, 2, 3), dtype=np.int64) for one in ours.astype(np.int32))
    return np.stack(list(each))


def scores(real: UINT8, ours: UINT8, part: float, device: str, per_second: float) -> None:
    """Scores A, B and D on a part of the archive, scaled to the whole."""
    few = real[: int(len(real) * part)]
    people = np.arange(len(few))
    clock = Clock(part, per_second)
    training = torch.cat(
        [
            reduced(torch.from_numpy(few[start : start + 64]).float() / 255, policy.MARGIN_SIDE)
            for start in range(0, len(few), 64)
        ]
    )
    clock.row("reading and reducing", 0.0)
    pairs = 2.0 * len(real) * len(ours)
    queries = reduced(torch.from_numpy(ours).float() / 255, policy.MARGIN_SIDE).to(device)
    there = training.to(device)
    clock = Clock(part, per_second)
    margin = copy_search.MarginSearch(there, people)
    clock.row("A, means of three bands", 0.0)
    _end(margin.run(queries, Control()))
    clock.row("A, aligned margin", pairs * len(policy.BANDS) * policy.MARGIN_SIDE**2)
    views = copy_search.ViewSearch(there)
    clock.row("B, means of six channels", 0.0)
    _end(views.run(queries, Control()))
    middle = policy.SEARCH_SIDES[policy.BANDS.index(1.0)] ** 2
    each = 2 * sum(side**2 for side in policy.SEARCH_SIDES) + 2 * middle
    clock.row("B, 34 views, six channels, inverted", pairs * len(VIEWS) * each)
    queries = queries.cpu()
    del margin, views, there
    clock = Clock(part, per_second)
    whitened = WhitenedSearch(training, people)
    clock.row("D, components", 0.0)
    some = queries[:: max(1, len(queries) // _DRESSED)]
    _end(whitened.against(some, training[: policy.DRESSED].flip(3), Control()))
    scaled = len(queries) / len(some)
    work = pairs * (1 + policy.DRESSED) * sum(policy.COMPONENTS)
    clock.row("D, beside 250 people in the texture", work, scaled)


class Clock:
    """Prints how long each step took, scaled to the whole archive.

    Args:
        part: Share of the archive that was searched.
        per_second: Floating-point operations of a large product.
    """

    def __init__(self, part: float, per_second: float) -> None:
        self._part, self._per_second = part, per_second
        self._began = time.process_time()

    def row(self, what: str, work: float, times: float = 1.0) -> None:
        """End a step; `times` is how many times as many images there are as were searched for."""
        seconds = (time.process_time() - self._began) * times / self._part
        row(what, seconds, work, self._per_second)
        self._began = time.process_time()


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
    parser.add_argument("--scores", nargs="+", choices=("C", "ABD"), default=["C", "ABD"])
    parser.add_argument("--device", default="cpu", help="of A and B; never tried on another one")
    parser.add_argument("--folder", type=Path, default=None)
    chosen = parser.parse_args()
    prepare_threads()
    torch.set_num_threads(1)
    single = rate(torch.float32)
    print(
        f"{chosen.real:,} real x {chosen.synthetic} synthetic, {chosen.side} x {chosen.side}; one core, "
        f"{single / 1e9:.0f} GFLOP/s in float32",
        flush=True,
    )
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        real = archive(Path(folder), chosen.real, chosen.side)
        ours = synthetic(real, chosen.synthetic)
        print(f"{'step':<46}{'core time':>11}{'TFLOP':>9}{'bound':>11}{'times':>8}", flush=True)
        if "C" in chosen.scores:
            exact(real, ours, single)
        if "ABD" in chosen.scores:
            scores(real, ours, chosen.part, chosen.device, single)


if __name__ == "__main__":
    main()
