"""A summary as tables a person understands; `--json` prints the very same mapping."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from meddistill_gui.core.run_folder import mean_and_spread

_BY_CLASS: Final = ("sensitivity", "specificity", "harmonic_mean", "auroc")
_OWN_PLACE: Final = {"text", "rows", "format"}
_MOST_ROWS: Final = 40


def rendered(summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What to print of a summary: comparison, lists, facts, and last its sentence.

    Args:
        summary: `Finished.summary` of any operation.
    """
    if _is_comparison(summary):
        yield comparison(summary)
        yield from by_class(summary["rows"][0])
    facts = Table.grid(padding=(0, 2))
    for name, value in summary.items():
        if name in _OWN_PLACE or value is None:
            continue
        if (table := _table(name, value)) is not None:
            yield table
        elif not isinstance(value, Mapping | list | tuple):
            facts.add_row(Text(in_words(name), style="dim"), Text(cell(value), overflow="fold"))
    if facts.row_count:
        yield facts
    if "text" in summary:
        yield Text(f"\n{summary['text']}", style="bold")


def comparison(evaluation: Mapping[str, Any]) -> Table:
    """Students on the distilled images beside students on random and on all real images.

    Args:
        evaluation: `evaluation.json`.
    """
    table = Table(
        "a student trained on",
        "training images",
        "balanced accuracy",
        "accuracy",
        "macro F1",
        "AUROC",
        title=f"On {evaluation['test_images']:,} test images it never saw (mean ± standard deviation)",
        title_justify="left",
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for row in evaluation["rows"]:
        table.add_row(
            Text(str(row["title"])),
            f"{row['training_images']:,}",
            *(
                _interval(row.get(name))
                for name in ("balanced_accuracy", "accuracy", "macro_f1", "auroc")
            ),
        )
    return table


def by_class(row: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What students of a row know of each class, what they take it for, and how well they know themselves.

    Args:
        row: A row of `evaluation.json`.
    """
    if not row.get("per_class") or "confusion" not in row:
        return  # figures of a bundle have no counts
    names = [str(one["class"]) for one in row["per_class"]]
    figures = [[one.get(name) for name in _BY_CLASS] for one in row["per_class"]]
    yield _titled(
        f"{row['title']}: class by class",
        ["class", "sensitivity", "specificity", "harmonic mean", "AUROC"],
        zip(names, figures, strict=True),
    )
    counts = [[f"{count:,.1f}" for count in line] for line in row["confusion"]]
    yield _titled(
        f"{row['title']}: what each class was taken for, images (mean over students)",
        ["class", *names],
        zip(names, counts, strict=True),
    )
    if "calibration_error" in row:
        yield Text(f"calibration error (15 bins): {_interval(row['calibration_error'])}")


def _titled(title: str, header: Sequence[str], rows: Iterable[tuple[str, Sequence[Any]]]) -> Table:
    table = Table(*header, title=title, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, values in rows:
        table.add_row(Text(name), *map(cell, values))
    return table


def in_words(name: str) -> str:
    """A key of a summary as words."""
    return name.replace("_", " ")


def cell(value: Any) -> str:
    """One value as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 1000 else f"{value:,.0f}"
    return "" if value is None else str(value)


def _table(name: str, value: Any) -> Table | None:
    """A table for whatever is a list of alike things or counts by name; None for the rest."""
    if isinstance(value, Mapping):
        return comparison(value) if _is_comparison(value) else _counts(name, value)
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return _listed(name, value)
    return None


def _counts(name: str, value: Mapping[str, Any]) -> Table | None:
    """Two columns, where each name has one plain value; None for deeper or very long mappings."""
    if not value or len(value) > _MOST_ROWS or not all(_plain(one) for one in value.values()):
        return None
    return _made(name, ["", ""], value.items())


def _listed(name: str, value: Sequence[Any]) -> Table | None:
    """A row per member; of mappings only what is plain in all of them."""
    if all(isinstance(row, Mapping) for row in value):
        keys = [key for key in value[0] if all(_plain(row.get(key)) for row in value)]
        rows = [[row.get(key) for key in keys] for row in value]
        return _made(name, [in_words(key) for key in keys], rows) if keys else None
    if name == "table":
        return _made("", value[0], value[1:])
    rows = [list(row) if isinstance(row, list | tuple) else [row] for row in value]
    return _made(name, [""] * max(map(len, rows)), rows)


def _made(title: str, header: Sequence[str], rows: Any) -> Table:
    table = Table(
        *header, title=in_words(title) or None, title_justify="left", show_header=any(header)
    )
    for row in rows:
        table.add_row(*(Text(cell(value), overflow="fold") for value in row))
    return table


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _is_comparison(value: Mapping[str, Any]) -> bool:
    return "rows" in value and "test_images" in value


def _interval(value: Mapping[str, float] | None) -> str:
    return mean_and_spread(value) if value else ""
