"""Fixtures: an invented source folder, and a project made from it by the operations themselves."""

import pytest

from tests.operations.small_hospital import make_project, write_source


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    return write_source(tmp_path_factory.mktemp("source") / "images")


@pytest.fixture
def project(source, tmp_path):
    return make_project(source, tmp_path / "project")
