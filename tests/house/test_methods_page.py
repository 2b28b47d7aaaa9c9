"""The page about methods has a section for each, which says where it comes from and names options that exist."""

import re

import pytest

from meddistill_gui.core.config import options_of
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.methods import METHOD_OPTIONS
from meddistill_gui.core.specs import METHODS

PAPERS = {"2209.14603": "paper A", "2209.14609": "paper B", "2403.13469": "paper C", "2209.14635": "paper D"}  # fmt: skip


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs" / "methods.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sections(page):
    return {
        heading: " ".join(text.split())
        for heading, text in re.findall(
            r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL
        )
    }


def test_every_registered_method_has_its_section_and_no_other_is_there(sections):
    assert METHODS.keys() == METHOD_OPTIONS.keys()
    assert [name for name in sections if name.islower()] == list(METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_a_section_says_what_is_published_and_what_is_ours(sections, name):
    said = sections[name]
    for part in ("**From**", "**Published**", "**Ours**", "**Options**", "**Figures**"):
        if (name, part) != ("trajectory", "**Options**"):  # these are named as they come up
            assert part in said
    papers = re.findall(r"\d{4}\.\d{5}", METHODS[name].paper)
    assert papers
    for paper in papers:
        assert paper in said or PAPERS.get(paper, "-") in said


@pytest.mark.parametrize("name", METHODS)
def test_a_section_names_only_options_of_its_method(sections, name):
    own = {one.path for one in options_of(METHOD_OPTIONS[name], "options.")}
    own |= {one.path for one in options_of(DistillConfig) if not one.path.startswith("options.")}
    assert set(re.findall(r"`((?:options|experts)\.[a-z_]+)", sections[name])) <= own


def test_the_figures_that_it_points_to_are_there(root, sections):
    results = (root / "docs" / "results.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", results, re.MULTILINE)
    for name in METHODS:
        _, _, figures = sections[name].partition("**Figures**:")
        pointed = re.findall(r'"([^"]+)"', figures)
        assert pointed
        for start in pointed:
            assert any(heading.startswith(start) for heading in headings), start


def test_the_readme_and_the_house_lead_to_it(root):
    for place in ("README.md", "docs/architecture.md"):
        assert "methods.md" in (root / place).read_text(encoding="utf-8")
