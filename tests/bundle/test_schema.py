"""Our small validator against the reference one, and against anything that the format does not know."""

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.bundle_sample import make_papers, make_set
from meddistill_gui.bundle import schema, writer
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.paths import resources

NAMES = ("card", "recipe", "utility", "audit")
GOOD = {
    name: json.loads(writer.payload(make_set(), make_papers())[f"data/{name}.json"])
    for name in NAMES
}
STRANGE: list[Any] = [None, True, 0, 1, -1, 2, 10**12, 0.5, 1.5, "", "x", "y" * 5000, [], [1], ["a"], {}, {"a": 1}, "noise", [0.5], [[]]]  # fmt: skip
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=5)  # fmt: skip


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """The way to each value in a tree."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(way for key, one in inner for way in places(one, (*path, key)))]


def inside(tree: Any, way: tuple) -> Any:
    for key in way:
        tree = tree[key]
    return tree


OBJECTS = {
    name: [way for way in places(tree) if isinstance(inside(tree, way), dict)]
    for name, tree in GOOD.items()
}


def changed(tree: Any, way: tuple, value: Any) -> Any:
    if not way:
        return value
    tree = copy.deepcopy(tree)
    inner = tree
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = value
    return tree


def allowed(name: str, value: Any) -> bool:
    try:
        schema.check(name, value)
    except BundleError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_agrees_with_the_reference_validator(name):
    jsonschema = pytest.importorskip("jsonschema")
    content = json.loads(
        (resources() / "bundle" / "schemas" / f"{name}.schema.json").read_text("utf-8")
    )
    reference = jsonschema.Draft202012Validator(content)
    jsonschema.Draft202012Validator.check_schema(content)
    assert reference.is_valid(GOOD[name])
    source = random.Random(1)  # noqa: S311 - not for secrets
    verdicts = set()
    for way in places(GOOD[name]):
        for value in source.sample(STRANGE, 8):
            tree = changed(GOOD[name], way, value)
            assert allowed(name, tree) == reference.is_valid(tree), (way, value)
            verdicts.add(reference.is_valid(tree))
    assert verdicts == {True, False}


@pytest.mark.parametrize("name", NAMES)
def test_good_values_are_allowed(name):
    assert allowed(name, GOOD[name])


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=50, deadline=None)
@given(key=st.text(min_size=1, max_size=30), value=JSON, where=st.integers(min_value=0))
def test_any_field_that_no_schema_names_is_refused(name, key, value, where):
    """Fail closed: at each object of each file, whatever the field is called and holds."""
    way = OBJECTS[name][where % len(OBJECTS[name])]
    if key in inside(GOOD[name], way):
        return
    if key in {"right_patient", "marked"}:  # named, but not required
        return
    assert not allowed(name, changed(GOOD[name], (*way, key), value))


@pytest.mark.parametrize("name", NAMES)
def test_each_required_field_must_be_there(name):
    for way in places(GOOD[name]):
        if way and isinstance(way[-1], str):
            tree = copy.deepcopy(GOOD[name])
            del inside(tree, way[:-1])[way[-1]]
            assert not allowed(name, tree) or way[0] in {"counts", "planted", "initialisation", "policy", "preconditions"}, way  # fmt: skip


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_none_are_refused(value):
    assert not allowed("recipe", GOOD["recipe"] | {"momentum": value})


def test_a_schema_with_a_keyword_that_is_not_understood_is_a_fault_of_the_program():
    with pytest.raises(ValueError, match="not understood"):
        list(schema.problems({"type": "string", "format": "date"}, "x", "x"))
    with pytest.raises(ValueError, match="does not close"):
        list(schema.problems({"type": "object"}, {}, "x"))
