from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meddistill_gui.core import config as configs
from meddistill_gui.core.config import group, option, variant
from meddistill_gui.core.errors import ConfigError, ProjectError


@dataclass(frozen=True, kw_only=True)
class Round:
    """One kind."""

    radius: float = option(1.0, text="Radius.", minimum=0.5, maximum=9.0, unit="mm")


@dataclass(frozen=True, kw_only=True)
class Square:
    """Another kind."""

    side: int = option(2, text="Side.", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Paint:
    """A group."""

    colour: str = option("red", text="Colour.", choices=("red", "blue"))
    layers: tuple[str, ...] = option((), text="Layers.")
    matt: bool = option(default=False, text="Without gloss.")


@dataclass(frozen=True, kw_only=True)
class Thing:
    """All kinds of options."""

    place: Path = option(text="Where.", positional=True)
    note: str | None = option(None, text="Note.")
    shape: str = option("round", text="Shape.", choices=("round", "square"))
    count: int = option(3, text="How many.", minimum=1, maximum=1_000_000)
    paint: Paint = group(Paint, text="Paint")
    form: object = variant("shape", {"round": Round, "square": Square}, Round, text="Form")

    def check(self) -> Iterator[str]:
        """Rule over two options."""
        if self.count > 10 and self.paint.matt:
            yield "count is over 10, but paint.matt."


THING = Thing(place=Path("here"))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
THINGS = st.builds(
    Thing,
    place=TEXT.filter(lambda text: text and "\0" not in text).map(Path),
    note=st.none() | TEXT,
    count=st.integers(-5, 2_000_000),
    paint=st.builds(
        Paint,
        colour=st.sampled_from(["red", "blue", "green"]),
        layers=st.lists(TEXT, max_size=3).map(tuple),
        matt=st.booleans(),
    ),
    form=st.builds(Round, radius=st.floats(allow_nan=False)),
) | st.builds(
    Thing,
    place=st.just(Path("p")),
    shape=st.just("square"),
    form=st.builds(Square, side=st.integers()),
)


@given(THINGS)
def test_a_mapping_holds_everything(thing):
    assert configs.from_mapping(Thing, configs.to_mapping(thing)) == thing


@pytest.mark.slow
@given(thing=THINGS)
def test_a_toml_file_holds_everything(thing, tmp_path_factory):
    path = tmp_path_factory.mktemp("toml") / "thing.toml"
    configs.save_toml(path, thing)
    if configs.problems(thing):
        with pytest.raises(ConfigError):
            configs.load_toml(Thing, path)
    else:
        assert configs.load_toml(Thing, path) == thing


@given(THINGS)
def test_problems_name_exactly_the_values_out_of_range(thing):
    said = " ".join(configs.problems(thing))
    assert ("count is" in said) == (
        not 1 <= thing.count <= 1_000_000 or (thing.count > 10 and thing.paint.matt)
    )
    assert ("paint.colour" in said) == (thing.paint.colour == "green")
    if isinstance(thing.form, Round):
        assert ("form.radius" in said) == (not 0.5 <= thing.form.radius <= 9.0)


def test_options_are_listed_once_each_with_groups():
    found = {one.path: one for one in configs.options_of(Thing)}
    assert list(found) == [
        "place",
        "note",
        "shape",
        "count",
        "paint.colour",
        "paint.layers",
        "paint.matt",
        "form.radius",
    ]
    assert found["place"].required
    assert found["note"].optional
    assert found["note"].kind is str
    assert found["paint.layers"].kind is tuple
    assert found["paint.matt"].group == "Paint"
    assert found["form.radius"].flag == "--form-radius"


def test_an_instance_decides_its_variant():
    square = configs.with_values(THING, {"shape": "square"})
    assert isinstance(square.form, Square)
    assert "form.side" in {one.path for one in configs.options_of(square)}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("count", "1 to 1,000,000"),
        ("form.radius", "0.5 to 9 mm"),
        ("shape", "round, square"),
        ("note", ""),
    ],
)
def test_ranges_in_words(path, words):
    (one,) = (one for one in configs.options_of(Thing) if one.path == path)
    assert one.range_text() == words


def test_open_ranges_in_words():
    (side,) = configs.options_of(Square)
    assert side.range_text() == "at least 1"


def test_values_are_replaced_at_any_depth_and_the_rest_stays():
    new = configs.with_values(THING, {"paint.colour": "blue", "form.radius": 2.0, "note": "x"})
    assert (new.paint.colour, new.form.radius, new.note) == ("blue", 2.0, "x")
    assert new.place == THING.place
    assert configs.with_values(new, {"note": None}).note is None


def test_a_new_selector_brings_defaults_and_accepts_its_own_values():
    before = configs.with_values(THING, {"form.radius": 7.0})
    new = configs.with_values(before, {"shape": "square", "form.side": 5})
    assert new.form == Square(side=5)
    assert configs.with_values(new, {"shape": "round"}).form == Round()


@pytest.mark.parametrize(
    ("tree", "sentences"),
    [
        ({}, ["place is missing."]),
        ({"place": "p", "cuont": 1}, ["cuont is no option; did you mean count?"]),
        ({"place": "p", "paint": {"xyz": 1}}, ["paint.xyz is no option."]),
        ({"place": "p", "count": "3"}, ["count is '3'; it must be of type int."]),
        ({"place": "p", "count": True}, ["count is True; it must be of type int."]),
        ({"place": "p", "paint": 3}, ["paint is 3; it must be a group of options."]),
        ({"count": 1.5, "note": 3}, ["place is missing.", "count is 1.5", "note is 3"]),
    ],
)
def test_everything_wrong_with_a_mapping_is_named_at_once(tree, sentences):
    with pytest.raises(ConfigError) as caught:
        configs.from_mapping(Thing, tree)
    for sentence in sentences:
        assert sentence in caught.value.message
    assert len(caught.value.problems) == len(sentences)


def test_a_whole_number_is_a_float_where_a_float_is_asked():
    assert configs.from_mapping(Round, {"radius": 2}) == Round(radius=2.0)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_finite_number_is_out_of_range(value):
    assert configs.problems(Round(radius=value))


def test_a_missing_and_a_damaged_file_are_told_apart(tmp_path):
    path = tmp_path / "x.toml"
    with pytest.raises(ProjectError, match="missing"):
        configs.load_toml(Thing, path)
    path.write_bytes(b"count = [")
    with pytest.raises(ProjectError, match="damaged"):
        configs.load_toml(Thing, path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ProjectError, match="damaged"):
        configs.load_toml(Thing, path)
