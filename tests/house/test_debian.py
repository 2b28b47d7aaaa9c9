"""The Debian package's recipe, tried on a program of one line: what is in it, where, and what it needs."""

import shutil
import subprocess
import tomllib

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed"),
]


@pytest.fixture(scope="module")
def package(root, tmp_path_factory):
    """A package made from a stand-in for the stand-alone program."""
    project = tmp_path_factory.mktemp("project")
    shutil.copytree(root / "installer", project / "installer")
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(root / name, project / name)
    program = project / "dist" / "meddistill" / "meddistill"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho meddistill\n")
    program.chmod(0o755)
    subprocess.run([project / "installer" / "debian" / "build"], check=True, capture_output=True)
    (made,) = (project / "dist").glob("*.deb")
    return made


def asked(*words) -> str:
    command = [shutil.which("dpkg-deb"), *map(str, words)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_it_carries_the_program_s_version(root, package):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert asked("--field", package, "Version").strip() == project["version"]


def test_it_needs_the_libraries_that_the_start_script_installs(root, package):
    needed = asked("--field", package, "Depends")
    script = (root / "installer" / "start").read_text(encoding="utf-8")
    installed = [
        word.rpartition("=")[2].strip("'")
        for word in script.split()
        if ".so." in word and "=lib" in word
    ]
    assert len(installed) == 10
    assert not [name for name in installed if name not in needed]


def test_it_holds_program_link_menu_entry_icon_and_licence(package):
    listing = asked("--contents", package)
    for path in (
        "./opt/meddistill/meddistill",
        "./usr/bin/meddistill -> /opt/meddistill/meddistill",
        "./usr/share/applications/meddistill.desktop",
        "./usr/share/icons/hicolor/scalable/apps/meddistill.svg",
        "./usr/share/doc/meddistill/copyright",
    ):
        assert path in listing
    assert "root/root" in listing.splitlines()[0]
