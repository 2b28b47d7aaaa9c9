import pytest

from meddistill_gui.gui.widgets.labels import breakable


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("two words", ["two words"]),
        ("/data/chest", ["/", "data/", "chest"]),
        ("not_named-at.all", ["not_", "named-", "at.", "all"]),
        ("x" * 40, ["x" * 16, "x" * 16, "x" * 8]),
        ("end.", ["end."]),
        ("", [""]),
    ],
)
def test_long_words_may_be_broken_and_nothing_else_changes(text, parts):
    assert breakable(text).split("\u200b") == parts
