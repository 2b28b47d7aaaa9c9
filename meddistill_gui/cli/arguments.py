"""Sub-commands and flags, made from `core.specs` and the config fields; nothing here names an option of its own."""

import argparse
import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final, NoReturn

from typing_extensions import override

from meddistill_gui.core.config import Option, from_mapping, options_of, validate
from meddistill_gui.core.errors import ConfigError
from meddistill_gui.core.run_folder import open_run
from meddistill_gui.core.specs import METHODS, OPERATIONS, OperationSpec
from meddistill_gui.core.words import NOT_FOR_CLINICAL_USE

_PROGRAM: Final = "meddistill"
_OWN: Final = "@"  # marks flags of the command line itself; no config field can be named so


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the user typed.

    Attributes:
        spec: The operation.
        config: Its checked config.
        as_json: Whether stdout gets the summary as one JSON object.
        event_lines: Whether events are printed as JSON lines.
    """

    spec: OperationSpec
    config: Any
    as_json: bool
    event_lines: bool


def parse(arguments: Sequence[str]) -> Request:
    """Understand a command line.

    Raises:
        ConfigError: Naming everything that is wrong with it.
        SystemExit: After `--help` and `--version`.
    """
    arguments = _in_one_word(arguments)
    given = vars(make_parser(arguments).parse_args(arguments))
    spec = OPERATIONS[given.pop(f"{_OWN}operation")]
    own = {
        name.removeprefix(_OWN): given.pop(name) for name in list(given) if name.startswith(_OWN)
    }
    config = _resumed(own["resume"], given) if own.get("resume") else _config(spec, given)
    return Request(
        spec=spec,
        config=config,
        as_json=own["json"],
        event_lines=own["events"] == "jsonl",
    )


def make_parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser of the whole command line.

    Args:
        arguments: What was typed: an option such as `--method` decides which other options there are.
    """
    parser = _Parser(
        prog=_PROGRAM,
        description=f"{metadata.metadata(_PROGRAM)['Summary']} {NOT_FOR_CLINICAL_USE}",
        epilog=f"Without arguments the window opens. '{_PROGRAM} OPERATION --help' lists an operation's options.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action="version", version=f"{_PROGRAM} {metadata.version(_PROGRAM)}"
    )
    commands = parser.add_subparsers(
        dest=f"{_OWN}operation", metavar="OPERATION", required=True, title="operations"
    )
    for spec in OPERATIONS.values():
        options = options_for(spec.config, arguments)
        command = commands.add_parser(
            spec.name,
            help=spec.sentence,
            description=spec.config.__doc__,
            usage="\n       ".join(usage(spec)),
            allow_abbrev=False,
        )
        _add_own(command, spec)
        _add_options(command, spec, options)
    return parser


def options_for(config: type, arguments: Sequence[str] = ()) -> tuple[Option, ...]:
    """The options of a config class, its variants as chosen on the command line (else the defaults).

    Args:
        config: Config class.
        arguments: What was typed.
    """
    options = options_of(config)
    defaults = {one.path: one.default for one in options}
    for field in dataclasses.fields(config):
        selector = field.metadata.get("selector")
        if selector is not None:
            chosen = _typed(f"--{selector.replace('_', '-')}", arguments) or defaults[selector]
            kind = field.metadata["kinds"].get(chosen)
            prefix, heading = f"{field.name}.", field.metadata["group"]
            others = tuple(one for one in options if not one.path.startswith(prefix))
            own = options_of(kind, prefix, f"{heading}: {chosen}") if kind is not None else ()
            options = others + own
    return options


def usage(spec: OperationSpec) -> tuple[str, ...]:
    """The least that must be typed, one line per way; argparse's own would list every flag."""
    needed = [
        one.path.upper() if one.about.positional else f"{one.flag} {one.path.upper()}"
        for one in options_of(spec.config)
        if one.required
    ]
    lines = [" ".join([_PROGRAM, spec.name, *needed, "[OPTION ...]"])]
    if spec.resumes:
        lines.append(f"{_PROGRAM} {spec.name} --resume RUN")
    return tuple(lines)


def _in_one_word(arguments: Sequence[str]) -> Sequence[str]:
    """`capsule export` is what people type; the operation is named `capsule-export`."""
    joined = "-".join(arguments[:2])
    return [joined, *arguments[2:]] if joined in OPERATIONS and len(arguments) > 1 else arguments


class _Parser(argparse.ArgumentParser):
    """Reports mistakes as our own errors: one door for every sentence, one exit code."""

    @override
    def error(self, message: str) -> NoReturn:
        raise ConfigError(
            [f"{message[0].upper()}{message[1:]}."], f"See what is possible: {self.prog} --help"
        )


def _add_own(command: argparse.ArgumentParser, spec: OperationSpec) -> None:
    group = command.add_argument_group("output")
    group.add_argument(
        "--json",
        action="store_true",
        dest=f"{_OWN}json",
        help="print the result as one JSON object on stdout",
    )
    group.add_argument(
        "--events",
        choices=("jsonl",),
        dest=f"{_OWN}events",
        help="print every event as a JSON line (on stderr beside --json)",
    )
    if spec.resumes:
        command.add_argument(
            "--resume",
            metavar="RUN",
            type=_path,
            dest=f"{_OWN}resume",
            help="go on with this run folder, with the options it was begun with; no other option is allowed then",
        )


def _add_options(
    command: argparse.ArgumentParser, spec: OperationSpec, options: Sequence[Option]
) -> None:
    for heading, members in itertools.groupby(options, key=lambda one: one.group):
        group = (
            command.add_argument_group(heading.lower(), _where_from(heading))
            if heading
            else command
        )
        for one in members:
            if one.about.positional:
                group.add_argument(
                    one.path, metavar=one.path.upper(), type=_reader(one), help=_help(one)
                )
            else:
                # with --resume the run folder says it
                required = one.required and not spec.resumes
                group.add_argument(
                    one.flag,
                    dest=one.path,
                    default=argparse.SUPPRESS,
                    required=required,
                    **_shape(one),
                )


def _where_from(heading: str) -> str | None:
    """What a group of options that belongs to one method must say of it: what is published, and what is ours."""
    method = METHODS.get(heading.rpartition(": ")[2])
    if method is None:
        return None
    return f"{method.sentence} {method.standing} ({method.paper})"


def _shape(one: Option) -> dict[str, Any]:
    """What argparse needs to know of an option, by its type."""
    if one.kind is bool:
        return {"action": argparse.BooleanOptionalAction, "help": _help(one)}
    shape: dict[str, Any] = {"type": _reader(one), "help": _help(one)}
    if one.about.choices:
        shape["choices"] = one.about.choices
    else:
        shape["metavar"] = one.path.rpartition(".")[2].upper()
    if one.kind is tuple:
        shape["nargs"] = "*"
    return shape


def _reader(one: Option) -> Any:
    if one.kind is Path:
        return _path
    if one.kind is tuple:
        return type(one.default[0]) if one.default else str
    return one.kind


def _path(text: str) -> Path:
    """An absolute path: configs are stored, and read again from elsewhere."""
    return Path(text).expanduser().absolute()


def _help(one: Option) -> str:
    """Text, range, default and source of an option, for argparse (where `%` is special)."""
    facts = [] if one.about.choices else [one.range_text()]
    if one.default not in (dataclasses.MISSING, None, "", ()):
        facts.append(f"default: {_said(one.default)}")
    if one.about.source:
        facts.append(f"source: {one.about.source}")
    facts = [fact for fact in facts if fact]
    text = f"{one.about.text} ({'; '.join(facts)})" if facts else one.about.text
    return text.replace("%", "%%")


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(map(str, value)) if isinstance(value, tuple) else f"{value}"


def _typed(flag: str, arguments: Sequence[str]) -> str | None:
    """The last value given to a flag, before the real parser can be made."""
    found = None
    for index, word in enumerate(arguments):
        if word.startswith(f"{flag}="):
            found = word.partition("=")[2]
        elif word == flag and index + 1 < len(arguments):
            found = arguments[index + 1]
    return found


def _config(spec: OperationSpec, given: Mapping[str, Any]) -> Any:
    missing = [
        one.flag for one in options_of(spec.config) if one.required and one.path not in given
    ]
    if missing:
        raise ConfigError(
            [f"{', '.join(missing)} is not given."],
            f"See what is possible: {_PROGRAM} {spec.name} --help",
        )
    tree: dict[str, Any] = {}
    for path, value in given.items():
        *groups, name = path.split(".")
        inner = tree
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[name] = value
    return validate(from_mapping(spec.config, tree))


def _resumed(root: Path, given: Mapping[str, Any]) -> Any:
    if given:
        flags = ", ".join(f"--{path.replace('.', '-').replace('_', '-')}" for path in given)
        raise ConfigError(
            [f"A run is resumed with the options it was begun with; {flags} cannot be changed."],
            "Leave them out, or begin a new run under another --name.",
        )
    _, config = open_run(root)
    return config
