"""What must not be in the repository: paths of one machine, registry hosts, pickles, big files, broken links."""

import ast
import re

import pytest

MOST_BYTES = 1_000_000
TEXT = {".py", ".md", ".toml", ".sh", ".ps1", ".iss", ".spec", ".html", ".json", ".txt", ".yml", ""}
# put together here, so that this file does not find itself
MACHINE = re.compile("|".join((r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot)/", r"\Wtm" + "p/brief")))
REGISTRIES = re.compile(
    "|".join(
        re.escape("".join(parts))
        for parts in (("pypi", ".org"), ("pythonhosted", ".org"), ("download.pytorch", ".org"))
    )
)
PICKLED = {".pkl", ".pickle", ".pt", ".pth", ".joblib"}
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
COMING: dict[str, str] = {
    # link target -> who writes it. This list must be empty at a release.
}


@pytest.fixture(scope="module")
def texts(root, tracked_files) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in tracked_files
        if path.suffix in TEXT
    }


def test_no_path_of_one_machine(texts):
    assert not [name for name, text in texts.items() if MACHINE.search(text)]


def test_no_registry_host(texts):
    assert not [name for name, text in texts.items() if REGISTRIES.search(text)]


def test_no_pickles_and_no_big_files(tracked_files):
    assert not [path for path in tracked_files if path.suffix in PICKLED]
    assert not [path for path in tracked_files if path.stat().st_size > MOST_BYTES]


def test_only_the_agreed_top_level(root, tracked_files):
    allowed = {
        "meddistill_gui", "resources", "installer", "tests", "docs", "benchmarks",
        "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", ".gitignore", ".ci",
    }  # fmt: skip
    assert {path.relative_to(root).parts[0] for path in tracked_files} <= allowed


def test_links_between_documents_lead_somewhere(root, texts):
    broken = []
    for name, text in texts.items():
        if not name.endswith(".md"):
            continue
        for target in LINK.findall(text):
            there = (root / name).parent / target
            if "://" not in target and not there.exists() and target not in COMING:
                broken.append(f"{name}: {target}")
    assert not broken


def test_nothing_reads_or_writes_pickles(trees):
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword)
        and node.arg == "allow_pickle"
        and not (isinstance(node.value, ast.Constant) and node.value.value is False)
    ]
    assert not found


TALKERS = re.compile(
    r"(socket|ssl|http|urllib\.request|urllib3|requests|httpx|aiohttp|ftplib|smtplib|xmlrpc|PySide6\.QtNetwork)(\.|$)"
)
MAY_TALK = {"meddistill_gui/core/project.py": "the name of this computer, for the lock's message"}


def test_nothing_talks_to_the_network(trees):
    found = []
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                imported = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            if any(TALKERS.match(one) for one in imported) and name not in MAY_TALK:
                found.append(f"{name}:{node.lineno}")
    assert not found
