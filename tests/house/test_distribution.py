"""Wheel and sdist: built here, without a network; the wheel's program finds its resources anywhere."""

import os
import subprocess
import sys
import tarfile
import zipfile

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(root, tmp_path_factory):
    """Folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)],
        cwd=root,
        check=True,
        capture_output=True,
    )
    return folder


def test_the_wheel_holds_program_resources_and_licence(built):
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "meddistill_gui/__main__.py" in names
    assert any(name.startswith("meddistill_gui/_resources/") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests/")]


def test_the_wheel_s_program_finds_its_resources(built, tmp_path):
    (wheel,) = built.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)  # noqa: S202 - made above
    code = (
        "import meddistill_gui; from meddistill_gui.core.paths import resources; "
        "print(meddistill_gui.__file__); print(resources())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd="/",
        check=True,
        capture_output=True,
        text=True,
    )
    package, resources = done.stdout.split()
    assert package.startswith(str(tmp_path))
    assert resources == str(tmp_path / "meddistill_gui" / "_resources")


def test_the_sdist_can_build_and_test_itself(built):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        parts = {name.split("/")[1] for name in archive.getnames()}
    assert {
        "meddistill_gui",
        "resources",
        "tests",
        "installer",
        "LICENSE",
        "pyproject.toml",
    } <= parts
    assert ".venv" not in parts
