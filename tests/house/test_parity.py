"""One operation, many doors: the same names and options everywhere."""

import argparse
import dataclasses

import pytest

from meddistill_gui.cli import arguments
from meddistill_gui.core.config import options_of
from meddistill_gui.core.configs.methods import METHOD_OPTIONS
from meddistill_gui.core.specs import METHODS, OPERATIONS

CONFIGS = {spec.name: spec.config for spec in OPERATIONS.values()} | METHOD_OPTIONS


def sub_commands() -> dict[str, argparse.ArgumentParser]:
    (action,) = (
        one
        for one in arguments.make_parser()._actions
        if isinstance(one, argparse._SubParsersAction)
    )
    return action.choices


@pytest.mark.slow
def test_every_operation_has_code_and_nothing_else_has():
    from meddistill_gui.operations import catalog

    assert set(catalog.OPERATIONS) == set(OPERATIONS)


def test_every_operation_has_a_sub_command():
    assert list(sub_commands()) == list(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_option_has_its_flag(name):
    known = {action.dest for action in sub_commands()[name]._actions}
    assert {one.path for one in options_of(OPERATIONS[name].config)} <= known


def test_every_method_has_options_and_a_description():
    assert set(METHODS) == set(METHOD_OPTIONS)
    for spec in METHODS.values():
        assert all((spec.title, spec.sentence, spec.paper, spec.standing))


@pytest.mark.parametrize("name", CONFIGS)
def test_every_option_says_what_it_is(name):
    for one in options_of(CONFIGS[name]):
        assert one.about.text.strip().endswith((".", "?")), one.path
        assert one.kind in {int, float, bool, str, tuple} or one.kind.__name__.endswith("Path")


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_says_what_it_is_for(name):
    assert (CONFIGS[name].__doc__ or "").strip()
    assert not CONFIGS[name].__doc__.startswith(CONFIGS[name].__name__), "dataclass's own text"


@pytest.mark.parametrize("name", CONFIGS)
def test_numbers_have_bounds(name):
    """A count without a bound is a way to fill a disk by a typing mistake; upper bounds may be open."""
    for one in options_of(CONFIGS[name]):
        if one.kind in {int, float} and not one.about.choices:
            assert one.about.minimum is not None, one.path


@pytest.mark.parametrize("name", CONFIGS)
def test_configs_are_frozen_and_named(name):
    assert CONFIGS[name].__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(CONFIGS[name]))
