"""What is imported is declared, what is declared is used or says why it is here."""

import ast
import re
import sys
import tomllib
from importlib import metadata

import pytest

NOT_IMPORTED: dict[str, str] = {
    "bcrypt": "cryptography loads it by name",
    "onnx": "torch.onnx.export loads it by name",
    "onnxscript": "torch.onnx.export loads it by name",
    "pylibjpeg": "pydicom loads it by name",
    "pylibjpeg-openjpeg": "pydicom loads it by name",
    "pylibjpeg-rle": "pydicom loads it by name",
    "python-gdcm": "pydicom loads it by name",
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def declared(root) -> set[str]:
    """Names of the program's own dependencies."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {normal(re.split(r"[<>=!~;\[ ]", line)[0]) for line in project["dependencies"]}


@pytest.fixture(scope="module")
def used(trees) -> dict[str, str]:
    """Distribution of every package that the program imports, and a module that does."""
    owners = metadata.packages_distributions()
    found: dict[str, str] = {}
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                heads = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                heads = {(node.module or "").partition(".")[0]}
            else:
                continue
            for head in heads - set(sys.stdlib_module_names) - {"meddistill_gui"}:
                found |= {normal(owner): name for owner in owners.get(head, [f"{head} (unknown)"])}
    return found


def test_what_is_imported_is_declared(declared, used):
    # shiboken6 and the like come with their parent
    companions = {"shiboken6", "pyside6", "pyside6-addons"}
    undeclared = {
        owner: where for owner, where in used.items() if owner not in declared | companions
    }
    assert not undeclared


def test_what_is_declared_is_used(declared, used):
    assert declared - set(used) <= set(NOT_IMPORTED)


def test_every_dependency_says_why_it_is_here(root, declared):
    page = normal((root / "docs" / "dependencies.md").read_text(encoding="utf-8"))
    assert not [name for name in sorted(declared) if name not in page]
