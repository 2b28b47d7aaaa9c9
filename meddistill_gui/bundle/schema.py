"""What each JSON file of a bundle may hold: an allow-list, read from the JSON schemas that `docs/bundle.md` publishes.

Only the few keywords that the schemas use are understood, and a schema with any other is an error of the program, so
nothing is ever let through because a rule was not understood. An object may hold the properties named, and no others.

Why not the library jsonschema: it lets unknown keywords and open objects pass, and would put four more packages, one of them
compiled, between us and hostile files. The tests compare the two on thousands of changed values.
"""

import functools
import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from meddistill_gui.bundle.format import MAX_TEXT_BYTES
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.paths import resources

Json = dict[str, Any]

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list, tuple),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_KNOWN: Final = {
    *("$schema", "$id", "title", "description", "type", "properties", "required", "items"),
    *("additionalProperties", "enum", "const", "minimum", "maximum", "exclusiveMinimum"),
    *("minItems", "maxItems", "maxLength", "minLength", "pattern"),
}


def check(name: str, value: object) -> None:
    """Refuse a value that its schema does not describe.

    Args:
        name: Of the schema: "card", "recipe", "utility" or "audit".
        value: What `json.loads` gives, or what is about to be written.

    Raises:
        BundleError: Naming the field.
    """
    for problem in problems(_schema(name), value, name):
        raise BundleError(
            f"{problem}.", "The bundle format (docs/bundle.md) lists what may stand there."
        )


def parse(name: str, content: bytes | memoryview) -> Json:
    """Read a JSON object strictly: no double keys, no NaN, nothing its schema does not know.

    Raises:
        BundleError: It is no such object.
    """
    if len(content) > MAX_TEXT_BYTES:
        raise BundleError(f"{name}.json has {len(content):,} bytes, too many.", _ASK)
    try:
        value = json.loads(
            bytes(content).decode(), object_pairs_hook=_object, parse_constant=_no_constant
        )
    # RecursionError: thousands of nested brackets
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{name}.json is damaged: {error}.", _ASK) from error
    check(name, value)
    checked: Json = value
    return checked


def problems(schema: Json, value: object, path: str) -> Iterator[str]:
    """Each thing in `value` that `schema` does not allow, as "PATH is …" without the full stop."""
    if unknown := schema.keys() - _KNOWN:
        raise ValueError(f"schema keywords not understood: {unknown}")
    if wrong := _wrong_kind(schema, value):
        yield f"{path} is {wrong}"
    elif isinstance(value, dict):
        yield from _object_problems(schema, value, path)
    elif isinstance(value, list | tuple):
        yield from _array_problems(schema, value, path)
    elif isinstance(value, str):
        yield from _text_problems(schema, value, path)
    elif isinstance(value, int | float):
        yield from _number_problems(schema, value, path)


_ASK: Final = "Ask the sender to send it again."


@functools.cache
def _schema(name: str) -> Json:
    path = resources() / "bundle" / "schemas" / f"{name}.schema.json"
    found: Json = json.loads(path.read_text(encoding="utf-8"))
    return found


def _wrong_kind(schema: Json, value: object) -> str | None:
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not kinds and "enum" not in schema and "const" not in schema:
        raise ValueError("a schema must say a type, an enum or a const")
    if kinds and not any(_is(kind, value) for kind in kinds):
        return f"{_short(value)}, but must be of type {' or '.join(kinds)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{_short(value)}, but must be one of {', '.join(map(str, schema['enum']))}"
    if "const" in schema and value != schema["const"]:
        return f"{_short(value)}, but must be {_short(schema['const'])}"
    return None


def _is(kind: str, value: object) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _TYPES[kind])


def _object_problems(schema: Json, value: Json, path: str) -> Iterator[str]:
    if schema.get("additionalProperties") is not False:
        raise ValueError(f"the schema of {path} does not close its list of properties")
    known = schema.get("properties", {})
    for name in value.keys() - known.keys():
        yield f"{path}.{_short(name)} is a field that the bundle format does not know"
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{path}.{name} is missing"
    for name in sorted(value.keys() & known.keys()):
        yield from problems(known[name], value[name], f"{path}.{name}")


def _array_problems(schema: Json, value: Sequence[Any], path: str) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema["maxItems"]:
        yield f"{path} has {len(value)} entries, but {schema.get('minItems', 0)} to {schema['maxItems']} are allowed"
        return
    for index, item in enumerate(value):
        yield from problems(schema["items"], item, f"{path}[{index}]")


def _text_problems(schema: Json, value: str, path: str) -> Iterator[str]:
    longest = schema.get("maxLength", 200)
    if not schema.get("minLength", 0) <= len(value) <= longest:
        yield f"{path} has {len(value)} characters, but {schema.get('minLength', 0)} to {longest} are allowed"
    elif not value.isprintable():
        yield f"{path} holds line breaks or invisible characters"
    elif "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{path} is {_short(value)}, which has another form than {schema['pattern']}"


def _number_problems(schema: Json, value: float, path: str) -> Iterator[str]:
    if not math.isfinite(value):
        yield f"{path} is {value}, not a finite number"
    elif value < schema.get("minimum", -math.inf) or value > schema.get("maximum", math.inf):
        yield f"{path} is {value}, outside {schema.get('minimum', '…')} to {schema.get('maximum', '…')}"
    elif value <= schema.get("exclusiveMinimum", -math.inf):
        yield f"{path} is {value}, but must be above {schema['exclusiveMinimum']}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _object(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
