"""Whether soft-label distillation of patches fits a project: are its images large, do they carry regions, are they divided?"""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QCoreApplication

from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.patches.patch_plan import stored_plan
from meddistill_gui.data.patches.regions import region_counts

METHOD: Final = "soft_label"
LARGE: Final = 512
"""Images whose longer side has more pixels lose what a network should see when they are shrunk whole."""


@dataclass(frozen=True, kw_only=True)
class PatchOffer:
    """What speaks for patches.

    Attributes:
        large: Images whose longer side is above `LARGE` pixels.
        regions: Images with regions.
        plan: The division that the project keeps, or None.
    """

    large: int = 0
    regions: int = 0
    plan: PatchesConfig | None = None

    @property
    def fits(self) -> bool:
        """Whether the method is offered."""
        return self.large > 0 or self.regions > 0

    def sentence(self) -> str:
        """Why the method is offered, and what is still to be done for it."""
        why = QCoreApplication.translate(
            "Wizard", "{large} images are larger than {side} pixels, {regions} carry regions."
        ).format(large=f"{self.large:,}", side=LARGE, regions=f"{self.regions:,}")
        if self.plan is None:
            todo = QCoreApplication.translate(
                "Wizard",
                "For patches, draw regions and choose the window in the data set first (Regions …); without them whole images "
                "are shrunk.",
            )
        else:
            todo = QCoreApplication.translate(
                "Wizard",
                "They are divided into patches of {size} pixels at a stride of {stride}; {positive} is positive.",
            ).format(size=self.plan.size, stride=self.plan.stride, positive=self.plan.positive)
        return f"{why} {todo}"


def patch_offer(catalogue: Catalogue) -> PatchOffer:
    """Ask a project's catalogue."""
    large = catalogue.value(
        "SELECT count(*) FROM image WHERE width > ? OR height > ?", (LARGE, LARGE)
    )
    return PatchOffer(
        large=large, regions=len(region_counts(catalogue)), plan=stored_plan(catalogue)
    )
