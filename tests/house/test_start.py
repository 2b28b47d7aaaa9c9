"""The start script, with programs that only say what they were asked: what is installed when, and what is handed over."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="a POSIX script; Windows has start.ps1"),
]

UV = """#!/bin/sh
[ "$1" != --version ] || exit 0
echo "uv $*" >>"$SAID"
case $1 in
sync) [ -z "${NO_NETWORK:-}" ] || exit 2; mkdir -p "$3/.venv/bin"; cp /bin/true "$3/.venv/bin/meddistill" ;;
run) pwd >>"$SAID"; exit "${PROGRAM_EXIT:-0}" ;;
esac
"""
APT = """#!/bin/sh
echo "$(basename "$0") $*" >>"$SAID"
"""


@pytest.fixture
def place(root, tmp_path):
    """A project folder with only what the script needs, fake programs, and a record of what they were asked."""
    project = tmp_path / "the project"
    (project / "installer").mkdir(parents=True)
    for name in ("installer/start", "pyproject.toml"):
        shutil.copy(root / name, project / name)
    programs = tmp_path / "programs"
    programs.mkdir()
    script = (root / "installer" / "start").read_text(encoding="utf-8")
    sonames = re.findall(r"lib[\w.+-]+\.so\.\d+(?==)", script)
    write(programs / "uv", UV)
    write(programs / "apt-get", APT)
    write(programs / "sudo", '#!/bin/sh\nexec "$@"\n')
    write(
        programs / "ldconfig",
        "#!/bin/sh\n" + "".join(f"echo '\t{name} (libc6)'\n" for name in sonames),
    )
    return Place(project, programs, tmp_path)


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


class Place:
    def __init__(self, project: Path, programs: Path, root: Path) -> None:
        self.project, self.programs, self.root = project, programs, root
        self.said_file = root / "said"

    def start(self, *words: str, **environment: str) -> subprocess.CompletedProcess:
        here = self.root / "elsewhere"
        here.mkdir(exist_ok=True)
        self.said_file.write_text("")
        python = str(Path(sys.executable).parent)
        return subprocess.run(
            [self.project / "installer" / "start", *words],
            cwd=here,
            env={
                "PATH": f"{self.programs}:{python}:/usr/bin:/bin",
                "HOME": str(self.root),
                "SAID": str(self.said_file),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def said(self) -> str:
        return self.said_file.read_text()


def test_the_first_start_sets_up_and_hands_over(place):
    done = place.start("scan", "a folder", "--project", "p")
    assert done.returncode == 0, done.stderr
    assert f"uv sync --project {place.project}" in place.said()
    assert "meddistill scan a folder --project p" in place.said()
    assert "apt-get" not in place.said()
    assert "PyTorch is large" in done.stderr


def test_the_program_works_where_the_user_is(place):
    place.start("scan")
    assert place.said().splitlines()[-1] == str(place.root / "elsewhere")


def test_the_second_start_installs_nothing_and_stays_offline(place):
    place.start()
    done = place.start("--version")
    assert done.stderr == ""
    (line,) = [line for line in place.said().splitlines() if line.startswith("uv ")]
    assert "run" in line
    assert "--offline" in line
    assert "--no-sync" in line


def test_changed_dependencies_set_up_again(place):
    place.start()
    with (place.project / "pyproject.toml").open("a") as stream:
        stream.write("\n# changed\n")
    place.start()
    assert "uv sync" in place.said()


def test_a_failed_setup_is_told_and_tried_again(place):
    done = place.start(NO_NETWORK="1")
    assert done.returncode == 1
    assert "could not be installed" in done.stderr
    assert "uv run" not in place.said()
    assert place.start().returncode == 0
    assert "uv sync" in place.said()


def test_missing_libraries_are_named_and_installed(place):
    known = (place.programs / "ldconfig").read_text().splitlines()
    write(place.programs / "ldconfig", "\n".join(line for line in known if "libEGL" not in line))
    done = place.start()
    assert "Installing system packages: libegl1" in done.stderr
    assert "apt-get install -y -qq --no-install-recommends libegl1\n" in place.said()


def test_without_apt_missing_libraries_are_only_named(place):
    (place.programs / "apt-get").unlink()
    if shutil.which("apt-get", path="/usr/bin:/bin"):
        pytest.skip("this system's own apt-get cannot be hidden")
    write(place.programs / "ldconfig", "#!/bin/sh\n")
    assert "libegl1" in place.start().stderr


def test_the_program_s_exit_code_comes_back(place):
    assert place.start("verify", "x", PROGRAM_EXIT="2").returncode == 2


def test_what_is_typed_goes_to_the_program(place):
    place.start("demo", "--patches")
    assert "meddistill demo --patches\n" in place.said()


def test_a_mirror_for_pip_is_told_to_uv(place):
    write(
        place.programs / "uv",
        UV.replace('echo "uv $*"', 'echo "uv $* index=${UV_DEFAULT_INDEX:-}"'),
    )
    place.start(PIP_INDEX_URL="https://mirror.example/python")
    assert "index=https://mirror.example/python" in place.said()
    (place.project / ".venv" / "meddistill-ready").unlink()
    place.start(
        PIP_INDEX_URL="https://mirror.example/python", UV_DEFAULT_INDEX="https://own.example"
    )
    assert "index=https://own.example" in place.said()
