"""How alike the most alike images of a folder are: where the bound for near copies (`data.copies.SIMILAR`) comes from.

python -m benchmarks.copies SOURCE [--size 32]

Every image is brought to a square as a run would see it; for each the correlation with its nearest other image is found. Prints percentiles of that
correlation and how many images lie above each bound.
"""

import argparse
import time
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import SourceError
from meddistill_gui.data.division.copies import SIMILAR
from meddistill_gui.data.formats.reading import read_image
from meddistill_gui.data.images.squares import to_square
from meddistill_gui.data.recording import SeenFile
from meddistill_gui.data.walking import walk

_BLOCK: Final = 512
_BOUNDS: Final = (0.98, 0.985, SIMILAR, 0.995, 0.999, 0.9999)


def nearest(source: Path, size: int) -> npt.NDArray[np.float32]:
    """Correlation of each image with its nearest other one, float32 `[N]`."""
    rows = []
    for seen in walk(source, Control()):
        if isinstance(seen, SeenFile):
            try:
                rows.append(to_square(read_image(source / seen.path), size, "pad", 1).ravel())
            except SourceError:
                continue  # no image, or one that the scan lists
    unit = np.stack(rows)
    unit -= unit.mean(axis=1, keepdims=True)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    best = np.empty(len(unit), dtype=np.float32)
    for start in range(0, len(unit), _BLOCK):
        block = unit[start : start + _BLOCK] @ unit.T
        block[np.arange(len(block)), np.arange(start, start + len(block))] = -1
        best[start : start + len(block)] = block.max(axis=1)
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--size", type=int, default=32)
    options = parser.parse_args()
    began = time.perf_counter()
    best = nearest(options.source, options.size)
    print(
        f"{len(best):,} images at {options.size} x {options.size}, {time.perf_counter() - began:.0f} s"
    )
    for percent in (50, 75, 90, 95, 99):
        print(f"nearest other image, {percent} % below {np.percentile(best, percent):>8.4f}")
    for bound in _BOUNDS:
        print(f"images with one above {bound:<8g} {int((best >= bound).sum()):>8,}")


if __name__ == "__main__":
    main()
