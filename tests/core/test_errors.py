import inspect

import pytest

from meddistill_gui.core import errors


@pytest.mark.parametrize("name", sorted(errors.BY_NAME))
def test_the_drawn_tree_is_the_real_one(name):
    assert name in inspect.getdoc(errors)


@pytest.mark.parametrize("name", sorted(errors.BY_NAME))
def test_exit_codes(name):
    cls = errors.BY_NAME[name]
    expected = 2 if issubclass(cls, errors.InputError) else 130 if cls is errors.Stopped else 1
    assert cls.exit_code == expected


def test_an_unknown_name_becomes_a_failure_of_the_work():
    error = errors.rebuild("FromTheFuture", "What.", "Do.")
    assert type(error) is errors.RunError
    assert str(error) == "What. Do."


def test_several_problems_are_one_message():
    error = errors.ConfigError(["One.", "Two."])
    assert error.message == "One. Two."
    assert error.problems == ("One.", "Two.")
