import pytest

from meddistill_gui.gui.widgets.labels import breakable, in_groups


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


def test_a_digest_may_be_broken_and_is_the_same_without_the_gaps():
    digest = "0123456789abcdef" * 4
    assert in_groups(digest).split(" ") == ["01234567", "89abcdef"] * 4
