"""The house rules that need no tool: sizes, docstrings, a test for every module."""

import ast
from pathlib import Path

FILE_LINES = 400
METHOD_FILE_LINES = 250
FUNCTION_LINES = 50

LONGER: dict[str, str] = {
    # path or path::function -> why it may be longer. This list only shrinks.
}

WITHOUT_TWIN: dict[str, str] = {
    # module -> where it is tested instead
    "meddistill_gui/gui/app.py": "opened for real by installer/smoke_test.py, which test_smoke.py runs",
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


def test_every_module_is_reached_by_a_test_of_its_room(root, trees):
    """A test file has its name, or imports it, or imports a module of the same room that uses it."""
    imports = {dotted(name): imported(tree) for name, tree in trees.items()}
    tests = list((root / "tests").rglob("*.py"))
    known = set[str]().union(
        *(imported(ast.parse(path.read_text(encoding="utf-8"))) for path in tests)
    )
    stems = {path.stem for path in tests}
    reached = {
        module
        for module in imports
        if module in known or f"test_{module.rpartition('.')[2].strip('_')}" in stems
    }
    grown = True
    while grown:
        used = {
            other
            for module in reached
            for other in imports[module]
            if other in imports and room(other) == room(module)
        }
        grown = not used <= reached
        reached |= used
    missing = [
        name
        for name in trees
        if dotted(name) not in reached
        and not name.endswith("__init__.py")
        and name not in WITHOUT_TWIN
    ]
    assert not missing, "\n".join(missing)


def dotted(name: str) -> str:
    return ".".join(Path(name).with_suffix("").parts)


def room(module: str) -> str:
    return module.split(".")[1]


def imported(tree: ast.Module) -> set[str]:
    """Dotted names that a module imports, both of `from a import b` being possible modules."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_no_room_for_leftovers(trees):
    leftovers = {"utils", "helpers", "util", "misc", "common", "mixed"}
    assert not [name for name in trees if leftovers & set(Path(name).with_suffix("").parts)]
