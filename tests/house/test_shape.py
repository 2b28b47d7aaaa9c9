"""The house rules that need no tool: sizes, docstrings, a test for every module."""

import ast
import re
from pathlib import Path

FILE_LINES = 400
METHOD_FILE_LINES = 250
FUNCTION_LINES = 50

LONGER: dict[str, str] = {
    # path or path::function -> why it may be longer. This list only shrinks.
}

WITHOUT_TWIN: dict[str, str] = {
    # module -> where it is tested instead
    "meddistill_gui/jobs/job.py": "a Protocol; its two implementations are tested",
}


def test_files_are_short(root, trees):
    too_long = {}
    for name in trees:
        lines = len((root / name).read_text(encoding="utf-8").splitlines())
        most = (
            METHOD_FILE_LINES if name.startswith("meddistill_gui/engine/methods/") else FILE_LINES
        )
        if lines > most and name not in LONGER:
            too_long[name] = lines
    assert not too_long


def test_functions_are_short(trees):
    too_long = {}
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                where = f"{name}::{node.name}"
                if lines > FUNCTION_LINES and where not in LONGER:
                    too_long[where] = lines
    assert not too_long


def test_exceptions_to_the_sizes_are_still_needed(root):
    gone = [where for where in LONGER if not (root / where.partition("::")[0]).is_file()]
    assert not gone


def test_every_package_says_what_it_is_and_imports_nothing(trees):
    wrong = []
    for name, tree in trees.items():
        if name.endswith("__init__.py"):
            said = (ast.get_docstring(tree) or "").strip()
            if not said or len(tree.body) != 1:
                wrong.append(name)
    assert not wrong


def test_every_module_says_what_it_is(trees):
    assert not [name for name, tree in trees.items() if not ast.get_docstring(tree)]


def test_every_module_has_its_tests(root, trees):
    """`room/sub/x.py` has a test file of its name or of its folder's in `tests/room`, or one there that imports it."""
    missing = []
    for name in trees:
        path = Path(name).relative_to("meddistill_gui")
        if path.name == "__init__.py" or name in WITHOUT_TWIN:
            continue
        folder = root / "tests" / path.parts[0] if len(path.parts) > 1 else root / "tests"
        stems = (path.stem.strip("_"), path.parent.name)
        named = any(list(folder.rglob(f"test_{stem}*.py")) for stem in stems if stem)
        if not named and not imported_by_tests(folder, path):
            missing.append(name)
    assert not missing, "\n".join(missing)


def imported_by_tests(folder: Path, path: Path) -> bool:
    """Whether a test in `folder` imports the module at `path` (below the package)."""
    parent = ".".join(("meddistill_gui", *path.parts[:-1]))
    for test in folder.rglob("*.py"):
        text = test.read_text(encoding="utf-8")
        if f"{parent}.{path.stem} " in text or re.search(
            rf"from {re.escape(parent)} import [^#]*?\b{path.stem}\b", text
        ):
            return True
    return False


def test_no_room_for_leftovers(trees):
    leftovers = {"utils", "helpers", "util", "misc", "common", "mixed"}
    assert not [name for name in trees if leftovers & set(Path(name).with_suffix("").parts)]
