"""One page about a run: its pictures, what they are worth, what the audit found. Synthetic images only."""

import base64
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
import numpy as np
import numpy.typing as npt
from PIL import Image

from meddistill_gui.core import distilled as sets
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.events import Metric
from meddistill_gui.core.files import write_whole
from meddistill_gui.core.paths import resources
from meddistill_gui.core.run_folder import (
    RunFolder,
    mean_and_spread,
    open_run,
    read_evaluation,
    read_events,
)
from meddistill_gui.core.words import LIMITS, NOT_FOR_CLINICAL_USE

_FRAMES_SHOWN: Final = 5
_CURVE: Final = (640.0, 160.0)


@dataclass(frozen=True, kw_only=True)
class RunFigures:
    """What is known about a run.

    Attributes:
        config: Its frozen config.
        result: The distilled set.
        evaluation: `evaluation.json`, or None before `evaluate` ran.
        audit: The coarse audit report, or None before `audit` ran.
    """

    config: DistillConfig
    result: DistilledSet
    evaluation: dict[str, Any] | None
    audit: dict[str, Any] | None


def figures(root: Path) -> RunFigures:
    """Read what a run folder says.

    Raises:
        ProjectError: It is no run folder, or has no result yet.
    """
    run, config = open_run(root)
    path = run.audit / "public.json"
    audit = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    return RunFigures(
        config=config, result=sets.load(run.result), evaluation=read_evaluation(run), audit=audit
    )


def table(root: Path, *, bundle_bytes: int) -> list[list[str]]:
    """What a clinician asks first, as rows of text: the header row, then one row per training set.

    Args:
        root: Run folder.
        bundle_bytes: Size of the exported bundle.
    """
    known = figures(root)
    rows = [["a student trained on", "images", "size", "balanced accuracy", "accuracy"]]
    for row in known.evaluation["rows"] if known.evaluation else ():
        size = _size(_training_bytes(row, known, bundle_bytes))
        rows.append(
            [
                row["title"],
                f"{row['training_images']:,}",
                size,
                mean_and_spread(row["balanced_accuracy"]),
                mean_and_spread(row["accuracy"]),
            ]
        )
    return rows


def write(root: Path, page: Path, *, invented: bool = False) -> Path:
    """Write the page as one HTML file without outside parts.

    Args:
        root: Run folder.
        page: File to write.
        invented: Whether the source images are invented, which the page then says at its top.

    Returns:
        `page`.
    """
    run, _ = open_run(root)
    known = figures(root)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources() / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template("run_report.html").render(
        name=run.name,
        invented=invented,
        config=known.config,
        recipe=known.result.recipe,
        pictures=_pictures(known.result),
        story=_story(run),
        curves=_curves(run),
        evaluation=known.evaluation,
        interval=mean_and_spread,
        audit=known.audit,
        limits=LIMITS,
        not_clinical=NOT_FOR_CLINICAL_USE,
    )
    write_whole(page, html.encode())
    return page


def _pictures(result: DistilledSet) -> list[dict[str, str]]:
    names = result.recipe.class_names
    return [
        {"class": names[int(label.argmax())], "source": _embedded(pixels)}
        for pixels, label in zip(sets.displayed(result.images), result.labels, strict=True)
    ]


def _story(run: RunFolder) -> list[dict[str, Any]]:
    """The first synthetic image of each class at a few moments of the run."""
    frames = sorted(run.frames.glob("*.npy"))
    if not frames:
        return []
    chosen = np.unique(np.linspace(0, len(frames) - 1, _FRAMES_SHOWN).round().astype(int))
    return [
        {
            "step": int(frames[i].stem),
            "source": _embedded(np.load(frames[i], allow_pickle=False)[0]),
        }
        for i in chosen
    ]


def _curves(run: RunFolder) -> list[dict[str, Any]]:
    """Loss and validation as polylines of an inline SVG; a resumed run's later value of a step counts."""
    values: dict[str, dict[int, float]] = {}
    for event in read_events(run.events)[0]:
        if isinstance(event, Metric) and np.isfinite(event.value):
            values.setdefault(event.name, {})[event.step] = event.value
    return [
        {
            "name": name,
            "points": _polyline(series),
            "last": series[max(series)],
            "low": min(series.values()),
            "high": max(series.values()),
        }
        for name, series in values.items()
        if name in {"loss", "validation balanced accuracy"} and len(series) > 1
    ]


def _polyline(series: dict[int, float]) -> str:
    steps = np.array(sorted(series), dtype=float)
    values = np.array([series[int(step)] for step in steps])
    width, height = _CURVE
    x = (steps - steps[0]) / max(steps[-1] - steps[0], 1.0) * width
    spread = float(np.ptp(values)) or 1.0
    y = height - (values - values.min()) / spread * height
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def _embedded(pixels: npt.NDArray[np.uint8]) -> str:
    """A PNG made from the bare array, so that nothing of a source file can ride along."""
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, format="PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def _training_bytes(row: dict[str, Any], known: RunFigures, bundle_bytes: int) -> int:
    """Bytes of the training set of a row: the bundle, or as many plain 8-bit images."""
    if row["name"] == "distilled":
        return bundle_bytes
    recipe = known.result.recipe
    return int(row["training_images"]) * recipe.channels * recipe.size**2


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
