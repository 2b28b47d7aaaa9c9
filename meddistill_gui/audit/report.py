"""The reports: a coarse one that may travel with the bundle, a fine-grained one that stays in the house, both as HTML.

Publishing fine-grained figures is itself a leak (ReconSyn recovers records from published privacy metrics), so the coarse
one holds nothing of a single image or patient.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import jinja2
import numpy as np
import numpy.typing as npt
from PIL import Image

from meddistill_gui.audit import policy
from meddistill_gui.audit.formal import COVERAGE
from meddistill_gui.core.paths import resources
from meddistill_gui.core.words import FORMAL_GUARANTEE_NONE, NOT_FOR_CLINICAL_USE, Verdict

_PUBLIC: Final = "audit_public.html"
_DETAILED: Final = "audit_detailed.html"
STAYS: Final = "The figures of the tests were measured without noise, so no bound covers them; they stay in the house."
"""Stands in the coarse report of a set with a formal bound instead of reasons."""

_TRAVELS: Final = ("format", "verdict", "formal", "initialisation", "policy", "limits")
_PLANTED_TRAVELS: Final = ("kind", "planted", "found", "right_patient", "marked")


def public(report: Mapping[str, Any]) -> dict[str, Any]:
    """The coarse report: verdict, reasons, rounded counts, planted leaks, limits.

    Args:
        report: The fine-grained report of `examination.examine`.
    """
    if report["formal"] != FORMAL_GUARANTEE_NONE:
        return _bounded(report)
    return {name: report[name] for name in _TRAVELS} | {
        "reasons": list(report["coarse_reasons"]),
        "preconditions": [
            {"name": check["name"], "passed": check["passed"]} for check in report["preconditions"]
        ],
        "counts": {name: rounded(count) for name, count in report["counts"].items()}
        | {"synthetic": str(report["counts"]["synthetic"])},
        "planted": [{name: row[name] for name in _PLANTED_TRAVELS} for row in report["planted"]],
    }


def _bounded(report: Mapping[str, Any]) -> dict[str, Any]:
    """What travels with a formal bound: figures were measured on patients without noise, so they stay in the house."""
    return {name: report[name] for name in _TRAVELS} | {
        "reasons": [STAYS],
        "preconditions": [],
        "counts": {"synthetic": str(report["counts"]["synthetic"])},
        "planted": [],
    }


def shows_pictures(report: Mapping[str, Any]) -> bool:
    """Whether the coarse report may show the synthetic images: not while one of them may show a patient.

    Args:
        report: The fine-grained report.
    """
    flagged = any(image["flagged"] or image["exact"] for image in report["images"])
    return report["verdict"] != Verdict.LEAK_FOUND and not flagged


def rounded(count: int) -> str:
    """A count of patients or their images as it may travel: "about 8,210", small ones only as "fewer than 11"."""
    if count < policy.PATIENTS_PER_CLASS:
        return f"fewer than {policy.PATIENTS_PER_CLASS}"
    return f"about {round(count / policy.ROUNDING) * policy.ROUNDING:,}"


def render_public(report: Mapping[str, Any], synthetic: Sequence[str] = ()) -> str:
    """The coarse report as one HTML page without any real picture.

    Args:
        report: What `public` returned.
        synthetic: Pictures of the synthetic images (`picture`), in order; may be left out.
    """
    page = _templates().get_template(_PUBLIC)
    return page.render(report=report, synthetic=synthetic, **_fixed(report))


def render_detailed(report: Mapping[str, Any], pictures: Mapping[str, str]) -> str:
    """The fine-grained report as one HTML page; it shows real patients and must stay in the house.

    Args:
        report: What `examination.examine` returned.
        pictures: `picture` of what is to be shown: "synthetic/0" by index, "real/17" by catalogue id. What is missing
            is left blank.
    """
    page = _templates().get_template(_DETAILED)
    return page.render(
        report=report,
        pictures=pictures,
        histograms={name: histogram(report, name) for name in ("a", "b")},
        **_fixed(report),
    )


def _fixed(report: Mapping[str, Any]) -> dict[str, str]:
    """What stands in every page; what a bound covers where there is one."""
    bounded = report["formal"] != FORMAL_GUARANTEE_NONE
    return {"not_clinical": NOT_FOR_CLINICAL_USE, "coverage": COVERAGE if bounded else ""}


def picture(pixels: npt.NDArray[np.uint8]) -> str:
    """A bare array as a picture for a page (data URI of a PNG that carries no text).

    Args:
        pixels: uint8 `[H, W]`, `[1, H, W]` or `[3, H, W]`.
    """
    flat = pixels
    if pixels.ndim == 3:
        flat = pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0))
    stream = io.BytesIO()
    Image.fromarray(flat).save(stream, format="PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def histogram(report: Mapping[str, Any], score: str) -> dict[str, Any] | None:
    """Bars of the hold-out's scores and marks of the synthetic images', in per cent of the width and height; None without scores.

    Args:
        report: The fine-grained report.
        score: "a" or "b".
    """
    held = np.asarray(report["holdout_scores"][score], dtype=np.float64)
    own = np.asarray([image[f"score_{score}"] for image in report["images"]], dtype=np.float64)
    if not len(held) or not len(own):
        return None
    low, high = min(held.min(), own.min()), max(held.max(), own.max())
    spread = high - low or 1.0
    counts, edges = np.histogram(held, bins=40, range=(low, low + spread))
    return {
        "bars": [
            {"left": 100 * (edge - low) / spread, "height": 100 * count / counts.max()}
            for edge, count in zip(edges[:-1], counts, strict=True)
        ],
        "marks": [
            {"left": 100 * (value - low) / spread, "number": number + 1, "flagged": flagged}
            for number, (value, flagged) in enumerate(
                zip(own, (image["flagged"] for image in report["images"]), strict=True)
            )
        ],
        "threshold": 100 * (report["thresholds"][score] - low) / spread,
        "low": f"{low:.2f}",
        "high": f"{high:.2f}",
    }


def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources() / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
