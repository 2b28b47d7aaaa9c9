"""No string of this room and no page of it may claim what no test can show."""

import ast
import re
from pathlib import Path

import pytest

import meddistill_gui.audit
from meddistill_gui.core.paths import resources
from meddistill_gui.core.words import FORBIDDEN, LIMITS

ROOM = Path(meddistill_gui.audit.__file__).parent
FILES = [*sorted(ROOM.rglob("*.py")), ROOM.parent / "core" / "configs" / "audit.py"]
PAGES = sorted((resources() / "templates").glob("audit_*.html"))
WRONG = re.compile(
    "|".join(rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in FORBIDDEN), re.IGNORECASE
)


def strings(path):
    """Every string constant that is not a docstring, and every piece of an f-string."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in loose:
            yield node.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_forbidden_word_in_a_string(path):
    assert [text for text in strings(path) if WRONG.search(text)] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_forbidden_word_on_a_page(path):
    assert WRONG.search(path.read_text(encoding="utf-8")) is None


def test_the_search_would_find_one():
    assert WRONG.search("This set is Anonymous.")
    assert WRONG.search("found in 100 % of cases")
    assert WRONG.search(LIMITS)
    assert PAGES
