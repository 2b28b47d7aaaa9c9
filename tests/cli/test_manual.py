from meddistill_gui.cli import manual
from meddistill_gui.core.config import options_of
from meddistill_gui.core.configs.methods import METHOD_OPTIONS
from meddistill_gui.core.specs import OPERATIONS


def test_every_option_of_every_operation_and_method_stands_there():
    said = manual.text()
    for spec in OPERATIONS.values():
        assert f"## {spec.name}" in said
        for one in options_of(spec.config):
            assert f"`{one.path.upper() if one.about.positional else one.flag}" in said
    for kind in METHOD_OPTIONS.values():
        for one in options_of(kind, "options."):
            assert f"`{one.flag}" in said


def test_the_page_in_the_repository_is_current(pytestconfig):
    page = pytestconfig.rootpath / "docs" / "manual" / "options.md"
    assert page.read_text(encoding="utf-8") == manual.text(), (
        "make it again: python -m meddistill_gui.cli.manual > docs/manual/options.md"
    )


def test_tables_are_not_broken_by_texts():
    for line in manual.text().splitlines():
        if line.startswith("|") and not line.startswith("|--"):
            assert line.replace("\\|", "").count("|") == 5, line
