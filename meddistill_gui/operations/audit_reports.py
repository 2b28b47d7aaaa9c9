"""Writing what an audit found: the fine-grained report that stays in the run folder, and the coarse one that may travel.

Each as JSON, as a page and as PDF.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from meddistill_gui.audit import report, report_pdf
from meddistill_gui.core import distilled
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.files import write_whole
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.core.run_folder import RunFolder

UInt8 = npt.NDArray[np.uint8]


def write(run: RunFolder, detailed: Mapping[str, Any], pictures: Mapping[str, UInt8]) -> None:
    """Write both reports in every form.

    Args:
        run: Where to.
        detailed: What `examination.examine` returned, with the digest of the set and its formal bound.
        pictures: What `pictures_of` returned; may be empty.

    Raises:
        TargetError: The disk is full, read-only or gone.
    """
    coarse = report.public(detailed)
    shown = _synthetic(pictures) if report.shows_pictures(detailed) else []
    sources = {name: report.picture(pixels) for name, pixels in pictures.items()}
    files = {
        "detailed.json": json.dumps(detailed, indent=1).encode(),
        "public.json": json.dumps(coarse, indent=1).encode(),
        "detailed.html": report.render_detailed(detailed, sources).encode(),
        "public.html": report.render_public(
            coarse, [report.picture(one) for one in shown]
        ).encode(),
        "detailed.pdf": report_pdf.detailed_pdf(detailed, pictures),
        "public.pdf": report_pdf.public_pdf(coarse, shown),
    }
    for name, content in files.items():
        write_whole(run.audit / name, content)


def pictures_of(
    detailed: Mapping[str, Any], result: DistilledSet, *parts: RealImages
) -> dict[str, UInt8]:
    """Every synthetic image, and the real ones that stand beside them in the report that stays in the house.

    Returns:
        uint8 `[H, W]` or `[H, W, 3]`: "synthetic/0" by index, "real/17" by catalogue id.
    """
    shown = {
        f"synthetic/{index}": pixels
        for index, pixels in enumerate(distilled.displayed(result.images))
    }
    beside = {
        real["id"]
        for image in detailed["images"]
        for real in (
            *image["nearest_train"],
            *image["nearest_holdout"],
            *(image[name] for name in ("found_a", "found_b", "found_d") if image.get(name)),
        )
    }
    for part in parts:
        for position in np.flatnonzero(np.isin(part.ids, list(beside))):
            planes = part.images[position]
            flat = planes[0] if len(planes) == 1 else planes.transpose(1, 2, 0)
            shown[f"real/{part.ids[position]}"] = np.ascontiguousarray(flat)
    return shown


def _synthetic(pictures: Mapping[str, UInt8]) -> list[UInt8]:
    numbers = sorted(int(name.partition("/")[2]) for name in pictures if name.startswith("synthetic/"))  # fmt: skip
    return [pictures[f"synthetic/{number}"] for number in numbers]
