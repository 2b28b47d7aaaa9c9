"""No string that a user may read makes a claim that nothing here can prove (`core.words`)."""

import ast
import re
from pathlib import Path

import pytest

from meddistill_gui.core.words import FORBIDDEN, LIMITS

CLAIM = re.compile(
    "|".join(rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in FORBIDDEN), re.IGNORECASE
)
OWN_PLACE = "meddistill_gui/core/words.py"

ALLOWED: dict[str, str] = {
    # file, or a text word for word -> why the word may stand there. This list only shrinks.
    "docs/anonymity.md": "explains which words are not used, and why",
}
TERMS: dict[str, str] = {
    "private key": "cryptography's word for the half that is kept",
    "private tag": "DICOM PS3.5 section 7.8",
    "private element": "DICOM PS3.5 section 7.8",
}


def claims(text: str) -> list[str]:
    """The words of a text that claim something, but for fixed terms of a field."""
    text = text.replace(LIMITS, "")
    for term in TERMS:
        text = re.sub(term, "", text, flags=re.IGNORECASE)
    return CLAIM.findall(text)


def strings(tree: ast.Module) -> list[tuple[int, str]]:
    """Every string of a module but its docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    said = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
    ]


def test_the_search_finds_claims():
    assert claims("This set is Safe.") == ["Safe"]
    assert claims("100 % of it, anonymised") == ["100 %", "anonymised"]
    assert not claims("safetensors, unsafe, safe-point, privately, class_private, anonymity")
    assert not claims(LIMITS)
    assert not claims("Give the passphrase or the private key.")


def test_no_string_of_the_program_makes_a_claim(trees):
    found = [
        f"{name}:{line}: {text}"
        for name, tree in trees.items()
        if name != OWN_PLACE
        for line, text in strings(tree)
        if claims(text) and text not in ALLOWED
    ]
    assert not found


def test_no_help_text_made_from_docstrings_makes_a_claim(trees):
    """A config's docstring is the description of its sub-command."""
    found = [
        f"{name}: {node.name}"
        for name, tree in trees.items()
        if name.startswith("meddistill_gui/core/configs/")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and claims(ast.get_docstring(node) or "")
    ]
    assert not found


BESIDE = ("docs", "resources", "installer", "README.md", "CHANGELOG.md")
PICTURES = {".png", ".ico", ".icns", ".jpg"}


@pytest.mark.parametrize("folder", BESIDE)
def test_no_text_beside_the_program_makes_a_claim(root, tracked_files, folder):
    found = []
    for path in texts_in(root, tracked_files, folder):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            said = "\n".join(words for _, words in strings(ast.parse(text)))
        else:
            said = re.sub(r"`[^`]*`", "", text) if ".md" in path.suffixes else text
        found += [f"{path.relative_to(root)}: {word}" for word in claims(said)]
    assert not found


def test_every_kind_of_text_is_searched(root, tracked_files):
    """Templates are what a receiver reads; they must not slip through by the end of their names."""
    searched = {path.name for folder in BESIDE for path in texts_in(root, tracked_files, folder)}
    assert {"report.html.j2", "DATASHEET.md.j2", "TERMS.txt.j2", "window.qss"} <= searched
    assert {"audit_public.html", "train_student.py", "start", "start.ps1"} <= searched
    assert {"README.md", "CHANGELOG.md", "results.md"} <= searched


def texts_in(root: Path, tracked_files: list[Path], folder: str) -> list[Path]:
    """Every text below a folder, whatever the end of its name."""
    return [
        path
        for path in tracked_files
        if path.relative_to(root).parts[0] == folder
        and path.suffix not in PICTURES
        and path.relative_to(root).as_posix() not in ALLOWED
    ]
