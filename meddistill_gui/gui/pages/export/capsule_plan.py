"""What a capsule of a run would hold and how large it would be, before a network is rebuilt for it. No Qt."""

from dataclasses import dataclass
from typing import Final

from meddistill_gui.bundle import capsule as capsules
from meddistill_gui.bundle.capsule import Capsule
from meddistill_gui.core import distilled
from meddistill_gui.core.configs.network import has_batch_norm
from meddistill_gui.core.errors import ProjectError
from meddistill_gui.core.run_folder import RunFolder, open_run
from meddistill_gui.core.voted import voted_with

METHOD: Final = "soft_label"
"""The method whose sets prescribe a start and an order of steps."""

_PARAMETERS: Final = (
    10**7
)  # what AlexNet has, more or less: only the number's digits count in the file
_DIGEST: Final = "0" * 64


@dataclass(frozen=True, kw_only=True)
class CapsulePlan:
    """A capsule to be.

    Attributes:
        size: Bytes of the file, but for the digits of one number.
        images: Synthetic images in it.
        side: Their side in pixels.
        steps: Steps of the network's training.
        delta: Threshold that the run's test images were voted with; the default where nobody has voted.
        has_statistics: Whether the network keeps means and variances of images.
    """

    size: int
    images: int
    side: int
    steps: int
    delta: float
    has_statistics: bool


def may_be_capsule(run: RunFolder) -> bool:
    """Whether the run is of the kind that capsules are made of; an unreadable one is not."""
    try:
        return open_run(run.root)[1].method == METHOD
    except ProjectError:
        return False


def planned_capsule(run: RunFolder) -> CapsulePlan:
    """Pack in memory, with numbers in place of those that only rebuilding tells.

    Raises:
        MedDistillError: The set prescribes no single network, or is damaged.
    """
    result = distilled.load(run.result)
    recipe = result.recipe
    capsules.refuse_open(recipe)
    content = capsules.to_bytes(
        Capsule(
            distilled=result,
            parameters=_PARAMETERS,
            digest=_DIGEST,
            answers=result.labels,
            delta=voted_with(run.votes),
        )
    )
    return CapsulePlan(
        size=len(content),
        images=len(result.images),
        side=recipe.size,
        steps=recipe.steps,
        delta=voted_with(run.votes),
        has_statistics=has_batch_norm(recipe.network, recipe.norm),
    )
