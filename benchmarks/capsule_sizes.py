"""How small a capsule of each network is, and whether the network comes back from it (see `benchmarks.soft_label --capsules`).

"to learn, GB" is what a run that learns such a set needs, counted from shapes; rebuilding needs a few copies of the parameters.
"""

import time
from typing import Final

import torch

from benchmarks.bundle_sample import prescribed_set
from meddistill_gui.bundle import capsule as capsules
from meddistill_gui.bundle.capsule import Capsule
from meddistill_gui.core.configs.network import TORCHVISION
from meddistill_gui.core.control import Control
from meddistill_gui.engine.capsules import rebuild
from meddistill_gui.engine.footprint import footprint
from meddistill_gui.engine.networks.families import make_network

_CPU: Final = torch.device("cpu")
_KB: Final = 1024


def main(size: int) -> int:
    """Print the table for one image of `size` x `size` pixels and 3 x 3 steps."""
    print(f"{'network':12}{'parameters':>13}{'network KB':>12}{'capsule KB':>12}{'share':>9}"
          f"{'to learn, GB':>14}{'seconds':>9}  rebuilt")  # fmt: skip
    for family in TORCHVISION:
        sent = prescribed_set(order=((0,),) * 9, network=family, size=size, rate=1e-4)
        begun = time.monotonic()
        first = rebuild(sent, _CPU, Control())
        seconds = time.monotonic() - begun
        content = capsules.to_bytes(
            Capsule(
                distilled=sent,
                parameters=first.parameters,
                digest=first.digest,
                answers=first.answers,
                delta=0.4,
            )
        )
        found = capsules.from_bytes(content)
        again = rebuild(found.distilled, _CPU, Control())
        network = make_network(family, depth=1, width=4, channels=1, size=size, classes=3)
        need = footprint(network, (1, size, size), steps=9, batch=1, memory="replay").total
        same = "to the bit" if again.digest == found.digest else "DIFFERENT"
        print(f"{family:12}{first.parameters:13,}{4 * first.parameters / _KB:12,.0f}{len(content) / _KB:12,.2f}"
              f"{len(content) / (4 * first.parameters):9.3%}{need / 1e9:14.1f}{seconds:9.1f}  {same}", flush=True)  # fmt: skip
    return 0
