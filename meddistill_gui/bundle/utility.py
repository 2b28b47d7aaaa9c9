"""Which of a run's test figures may travel: means and intervals, not what single patients or the clock contributed."""

import math
from collections.abc import Mapping
from typing import Any, Final

from meddistill_gui.bundle import schema
from meddistill_gui.core.errors import BundleError

Json = dict[str, Any]

_METRICS: Final = ("accuracy", "balanced_accuracy", "macro_f1", "auroc")
_KEPT_AT_HOME: Final = {
    "title",
    "values",
    "seconds",
    "confusion",
    "label_fair",
    "calibration_error",
    "harmonic_mean",
}
"""Exact counts of small groups (`confusion`, titles), what differs between two equal runs (`seconds`), what follows from the rest,
and what the bundle's format of figures has no place for."""

_STAYS: Final = {"best-over-test"}
"""Rows that say more than a receiver can expect: the test images chose the set, and it is another than the bundle's."""

_DIGITS: Final = 4
_SMALLEST_CELL: Final = 11


def public(evaluation: Mapping[str, Any]) -> Json:
    """The part of `evaluation.json` that a bundle carries (schema "utility").

    Raises:
        BundleError: A field is unknown; nothing is left out silently except what is listed here.
    """
    rows = [row for row in evaluation.get("rows", ()) if row.get("name") not in _STAYS]
    smallest = min((row.get("training_images", 0) for row in rows), default=0)
    found = {
        **_only(evaluation, "evaluation", {"format", "class_names"}, {"rows"} | _COUNTS),
        **{name: rounded(evaluation.get(name)) for name in sorted(_COUNTS)},
        "rows": [_row(row, smallest) for row in rows],
    }
    found["class_names"] = list(found.get("class_names", ()))
    schema.check("utility", found)
    return found


def as_evaluation(figures: Json) -> Json:
    """The figures of a bundle in the form of `evaluation.json`, for whatever shows those: titles made again, null as NaN."""
    rows = []
    for row in figures["rows"]:
        metrics = {
            name: {key: math.nan if value is None else value for key, value in row[name].items()}
            for name in _METRICS
        }
        rows.append(row | metrics | {"title": _title(row)})
    return figures | {"rows": rows}


def _title(row: Json) -> str:
    count = f"{row['training_images']:,}"
    titles = {
        "distilled": f"{count} synthetic images",
        "random": f"{count} random real images",
        "distilled-hard": f"{count} synthetic images, labels made hard",
        "scratch": f"{count} real images, from scratch",
        "transfer": f"{count} real images, with weights trained elsewhere",
        "whole": f"all real images, about {count}",
    }
    return titles.get(row["name"], f"{row['name']}, {count} images")


_COUNTS: Final = {"test_images", "test_patients"}


def rounded(count: int | None) -> int | None:
    """A count of patients or their images to tens, so that no cell below eleven can be read off; None stays."""
    if count is None or count == 0:
        return count
    return 10 if count < _SMALLEST_CELL else round(count / 10) * 10


def _row(row: Mapping[str, Any], smallest: int) -> Json:
    known = {"name", "training_images", "students"}
    found = _only(row, "evaluation.rows", known, {*_METRICS, "per_class"})
    if found.get("training_images", 0) > smallest:
        found["training_images"] = rounded(found["training_images"])
    for name in _METRICS:
        found[name] = _interval(row.get(name, {}), name)
    found["per_class"] = [_class_row(one) for one in row.get("per_class", ())]
    return found


def _interval(metric: Mapping[str, Any], name: str) -> Json:
    found = _only(metric, f"evaluation.rows.{name}", {"mean", "sd", "low", "high"}, set())
    return {name: _short(value) for name, value in found.items()}


def _class_row(row: Mapping[str, Any]) -> Json:
    found = _only(
        row, "evaluation.rows.per_class", {"class", "sensitivity", "specificity"}, {"auroc"}
    )
    return {name: value if name == "class" else _short(value) for name, value in found.items()}


def _short(value: float | None) -> float | None:
    """NaN (one student has no spread) travels as null: JSON has no NaN."""
    if value is None or math.isnan(value):
        return None
    return round(min(1.0, max(0.0, value)), _DIGITS)


def _only(record: Mapping[str, Any], path: str, taken: set[str], known: set[str]) -> Json:
    if strange := record.keys() - taken - known - _KEPT_AT_HOME:
        raise BundleError(
            f"{path}.{min(strange)} is a field that the bundle format does not know.",
            "The bundle format (docs/bundle.md) lists what may stand there.",
        )
    return {name: record[name] for name in sorted(taken & record.keys())}
