"""The manual page of every option, made from the config fields like everything else.

python -m meddistill_gui.cli.manual > docs/manual/options.md
"""

import dataclasses
import itertools
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from meddistill_gui.cli.arguments import usage
from meddistill_gui.core.config import Option, options_of
from meddistill_gui.core.specs import METHODS, OPERATIONS


def text() -> str:
    """The whole page, Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# Every option"
    yield ""
    yield "Made by `python -m meddistill_gui.cli.manual`; do not edit. Every sub-command also takes `--help`, `--json`"
    yield "(the result as one JSON object) and `--events jsonl` (every event as a JSON line)."
    described: dict[type, str] = {}
    for spec in OPERATIONS.values():
        yield from ["", f"## {spec.name}", "", spec.sentence, ""]
        yield from (f"    {line}" for line in usage(spec))
        yield ""
        if spec.config in described:
            yield f"The options are those of [{described[spec.config]}](#{described[spec.config]})."
            continue
        described[spec.config] = spec.name
        variants = _variants(spec.config)
        common = [
            one for one in options_of(spec.config) if one.path.partition(".")[0] not in variants
        ]
        yield from _tables(common)
        for field, kinds in variants.items():
            for chosen, kind in kinds.items():
                yield from _variant(field, chosen, options_of(kind, f"{field}."))
    yield ""


def _variants(config: type) -> dict[str, dict[str, type]]:
    """The groups of a config whose type another option chooses."""
    fields: Any = dataclasses.fields(config)
    return {field.name: field.metadata["kinds"] for field in fields if "kinds" in field.metadata}


def _variant(field: str, chosen: str, options: Sequence[Option]) -> Iterator[str]:
    yield from ["", f"### {field}: {chosen}", ""]
    if chosen in METHODS:
        method = METHODS[chosen]
        yield from [f"{method.sentence} {method.standing} ({method.paper})", ""]
    yield from _rows(options)


def _tables(options: Sequence[Option]) -> Iterator[str]:
    for heading, members in itertools.groupby(options, key=lambda one: one.group):
        if heading:
            yield from ["", f"### {heading}", ""]
        yield from _rows(members)


def _rows(options: Iterator[Option] | Sequence[Option]) -> Iterator[str]:
    yield "| option | values | default | |"
    yield "|---|---|---|---|"
    for one in options:
        name = one.path.upper() if one.about.positional else one.flag
        if one.kind is bool:
            name = f"{one.flag}, --no-{one.flag.removeprefix('--')}"
        source = f" Source: {one.about.source}." if one.about.source else ""
        cells = [f"`{name}`", one.range_text(), _default(one), f"{one.about.text}{source}"]
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _default(one: Option) -> str:
    if one.required:
        return "must be given"
    if isinstance(one.default, bool):
        return "yes" if one.default else "no"
    if isinstance(one.default, tuple):
        return ", ".join(map(str, one.default))
    return "" if one.default is None else str(one.default)


if __name__ == "__main__":
    sys.stdout.write(text())
