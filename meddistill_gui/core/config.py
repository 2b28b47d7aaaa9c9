"""Options, each declared once on a frozen dataclass field; forms, flags, checks, files and the manual are made from it.

    @dataclass(frozen=True, kw_only=True)
    class ScanConfig:
        source: Path = option(text="Folder of images", positional=True)
        workers: int = option(4, text="Files read at a time", minimum=1, maximum=32, unit="threads")

A field that is itself such a dataclass is a group (`group`); one whose type depends on another field is a `variant`.
A class may add `def check(self) -> Iterator[str]` for rules over several fields.
"""

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Any, TypeVar

import tomli_w

from meddistill_gui.core.errors import ConfigError
from meddistill_gui.core.files import read_toml, write_whole

Config = TypeVar("Config")


@dataclass(frozen=True, kw_only=True)
class OptionText:
    """What a field says about itself; see `option`."""

    text: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    source: str = ""
    expert: bool = False
    positional: bool = False


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of a config, ready for a form, a flag or a manual page.

    Attributes:
        path: Dotted name, e.g. "experts.epochs".
        kind: int, float, bool, str, Path or tuple (of text or numbers).
        optional: Whether None ("not set") is allowed.
        default: Default value, or `dataclasses.MISSING` where the user must say it.
        about: Text, unit, range, choices and source.
        group: Text of the group it stands in ("" at the top).
    """

    path: str
    kind: type
    optional: bool
    default: Any
    about: OptionText
    group: str

    @property
    def required(self) -> bool:
        """Whether the user must give a value."""
        return self.default is MISSING

    @property
    def flag(self) -> str:
        """The command-line flag, e.g. "--experts-epochs"."""
        return "--" + self.path.replace(".", "-").replace("_", "-")

    def range_text(self) -> str:
        """The allowed values in words, e.g. "1 to 32 threads"; "" where anything goes."""
        about = self.about
        if about.choices:
            return ", ".join(about.choices)
        low, high = _bound(about.minimum), _bound(about.maximum)
        if low and high:
            words = f"{low} to {high}"
        else:
            words = f"at least {low}" if low else f"at most {high}" if high else ""
        return f"{words} {about.unit}".strip()


def option(
    default: Any = MISSING,
    *,
    text: str,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Sequence[str] = (),
    source: str = "",
    expert: bool = False,
    positional: bool = False,
) -> Any:
    """Declare one option.

    Args:
        default: Value when nothing is said; leave out where the user must say it.
        text: One sentence for the form, the manual and `--help`.
        unit: Unit of the number.
        minimum: Smallest allowed number.
        maximum: Largest allowed number.
        choices: Allowed words.
        source: Where the default comes from (paper and table, standard and clause, or a measurement of ours).
        expert: Whether the form hides it behind "more options".
        positional: Whether the command line takes it without a flag.
    """
    about = OptionText(
        text=text,
        unit=unit,
        minimum=minimum,
        maximum=maximum,
        choices=tuple(choices),
        source=source,
        expert=expert,
        positional=positional,
    )
    return dataclasses.field(default=default, metadata={"option": about})


def group(factory: Callable[[], Any], *, text: str) -> Any:
    """Declare a group of options: a field whose type is a config dataclass.

    Args:
        factory: Makes the default group.
        text: Heading of the group.
    """
    return dataclasses.field(default_factory=factory, metadata={"group": text})


def variant(
    selector: str, kinds: Mapping[str, type], factory: Callable[[], Any], *, text: str
) -> Any:
    """Declare a group whose type is chosen by another option.

    Args:
        selector: Name of the field (of the same dataclass) that chooses.
        kinds: Config dataclass for each of its values.
        factory: Makes the default group; must fit the selector's default.
        text: Heading of the group.
    """
    return dataclasses.field(
        default_factory=factory,
        metadata={"group": text, "selector": selector, "kinds": dict(kinds)},
    )


def options_of(config: type | object, prefix: str = "", heading: str = "") -> tuple[Option, ...]:
    """Every option of a config class (or of an instance, which decides its variants), groups flattened."""
    cls = config if isinstance(config, type) else type(config)
    hints = typing.get_type_hints(cls)
    found: list[Option] = []
    for field in dataclasses.fields(cls):
        path = f"{prefix}{field.name}"
        if "group" in field.metadata:
            inner = _group_of(field, config)
            found += options_of(inner, f"{path}.", field.metadata["group"])
        elif "option" in field.metadata:
            kind, optional = _leaf_kind(hints[field.name])
            found.append(
                Option(
                    path=path,
                    kind=kind,
                    optional=optional,
                    default=field.default,
                    about=field.metadata["option"],
                    group=heading,
                )
            )
    return tuple(found)


def problems(config: object) -> tuple[str, ...]:
    """Everything that is wrong with the values of a config, one sentence each."""
    found = [
        sentence
        for one in options_of(config)
        if (sentence := _problem(one, value_at(config, one.path))) is not None
    ]
    found += _cross_checks(config)
    return tuple(found)


def validate(config: Config) -> Config:
    """Return `config` if every value is allowed.

    Raises:
        ConfigError: Naming all that is wrong at once.
    """
    if found := problems(config):
        raise ConfigError(found)
    return config


def value_at(config: object, path: str) -> Any:
    """The value at a dotted path."""
    value: Any = config
    for name in path.split("."):
        value = getattr(value, name)
    return value


def with_values(config: Config, values: Mapping[str, Any]) -> Config:
    """A copy with the values at these dotted paths replaced; a new selector brings its variant's defaults.

    Raises:
        ConfigError: A path is unknown.
    """
    tree = to_mapping(config)
    for field in dataclasses.fields(config):  # type: ignore[arg-type]  # every Config is a dataclass
        selector = str(field.metadata.get("selector", ""))
        if selector in values and values[selector] != value_at(config, selector):
            tree.pop(field.name, None)
    for path, value in values.items():
        _put(tree, path.split("."), value)
    return from_mapping(type(config), tree)


def to_mapping(config: object) -> dict[str, Any]:
    """A nested mapping of plain values (paths as text, unset options left out): what TOML and JSON can hold."""
    tree: dict[str, Any] = {}
    for field in dataclasses.fields(config):  # type: ignore[arg-type]  # every Config is a dataclass
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            tree[field.name] = to_mapping(value)
        elif value is not None:
            tree[field.name] = _plain(value)
    return tree


def from_mapping(cls: type[Config], tree: Mapping[str, Any]) -> Config:
    """The config that `to_mapping` described; values left out take their defaults. Ranges are not checked here.

    Raises:
        ConfigError: Naming every unknown name, wrong type and missing value at once.
    """
    found: list[str] = []
    made = _build(cls, tree, "", found)
    if found:
        raise ConfigError(found)
    return typing.cast(Config, made)


def save_toml(path: Path, config: object) -> None:
    """Write a config as TOML, whole or not at all."""
    write_whole(path, tomli_w.dumps(to_mapping(config)).encode())


def load_toml(cls: type[Config], path: Path) -> Config:
    """Read and check a config that `save_toml` wrote.

    Raises:
        ProjectError: The file is missing or is no TOML.
        ConfigError: A value is wrong.
    """
    return validate(from_mapping(cls, read_toml(path)))


def _bound(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _group_of(field: dataclasses.Field[Any], config: type | object) -> type | object:
    if not isinstance(config, type):
        return typing.cast(object, getattr(config, field.name))
    factory = field.default_factory
    if factory is MISSING:  # pragma: no cover - `group` and `variant` always give one
        raise TypeError(f"{field.name} is a group without a default")
    return typing.cast(object, factory())


def _leaf_kind(hint: Any) -> tuple[type, bool]:
    """The plain type of an option and whether None is allowed."""
    optional = False
    if isinstance(hint, types.UnionType):
        members = [member for member in typing.get_args(hint) if member is not type(None)]
        optional = len(members) < len(typing.get_args(hint))
        hint = members[0]
    origin = typing.get_origin(hint) or hint
    return typing.cast(type, origin), optional


def _problem(one: Option, value: Any) -> str | None:
    about = one.about
    if value is None:
        return None if one.optional else f"{one.path} is not set."
    if about.choices:
        given = value if isinstance(value, tuple) else (value,)
        wrong = [word for word in given if word not in about.choices]
        return (
            f"{one.path} is {wrong[0]!r}; choose one of {', '.join(about.choices)}."
            if wrong
            else None
        )
    if isinstance(value, int | float) and not isinstance(value, bool):
        low = -math.inf if about.minimum is None else about.minimum
        high = math.inf if about.maximum is None else about.maximum
        if not low <= value <= high:
            return f"{one.path} is {value}; it must be {one.range_text()}."
    return None


def _cross_checks(config: object) -> list[str]:
    found: list[str] = []
    for field in dataclasses.fields(config):  # type: ignore[arg-type]  # every Config is a dataclass
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            found += _cross_checks(value)
    check = getattr(config, "check", None)
    if check is not None:
        found += list(typing.cast(Iterator[str], check()))
    return found


def _build(cls: type, tree: Mapping[str, Any], prefix: str, found: list[str]) -> object | None:
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    found += [_unknown(f"{prefix}{name}", name, fields) for name in tree if name not in fields]
    before = len(found)
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if "group" in field.metadata:
            values[name] = _build_group(field, tree, prefix, found)
        elif name in tree:
            kind, optional = _leaf_kind(hints[name])
            values[name] = _converted(f"{prefix}{name}", kind, tree[name], found, optional=optional)
        elif field.default is MISSING:
            found.append(f"{prefix}{name} is missing.")
    return None if len(found) > before else typing.cast(object, cls(**values))


def _build_group(
    field: dataclasses.Field[Any], tree: Mapping[str, Any], prefix: str, found: list[str]
) -> object | None:
    path = f"{prefix}{field.name}"
    inner = tree.get(field.name, {})
    if not isinstance(inner, Mapping):
        found.append(f"{path} is {inner!r}; it must be a group of options.")
        return None
    factory = typing.cast(Callable[[], object], field.default_factory)
    cls: type = type(factory())
    if "selector" in field.metadata:
        chosen = tree.get(field.metadata["selector"])
        cls = field.metadata["kinds"].get(chosen, cls) if chosen is not None else cls
    return _build(cls, inner, f"{path}.", found)


def _unknown(path: str, name: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"{path} is no option; did you mean {close[0]}?" if close else f"{path} is no option."


def _converted(path: str, kind: type, value: Any, found: list[str], *, optional: bool) -> Any:
    """The value as its declared type; a mismatch is a problem, never a guess."""
    if value is None and optional:
        return None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    if kind is tuple and isinstance(value, list | tuple):
        return tuple(value)
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    found.append(f"{path} is {value!r}; it must be of type {kind.__name__}.")
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _put(tree: dict[str, Any], names: Sequence[str], value: Any) -> None:
    for name in names[:-1]:
        tree = tree.setdefault(name, {})
    if value is None:
        tree.pop(names[-1], None)
    else:
        tree[names[-1]] = _plain(value)
