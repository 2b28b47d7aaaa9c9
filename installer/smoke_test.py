"""Tries a built program: does it start, decode, compute, talk to its child, and open its window?

    python installer/smoke_test.py dist/meddistill/meddistill           a stand-alone build
    python installer/smoke_test.py .venv/bin/python -m meddistill_gui   this checkout
    ... --demo                                                         and the whole demo, small

Needs nothing but Python; exit code 0 if all is well.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# 2 x 2 grey pixels
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR42mNwcGBoaAAAAwYBgabfUTIAAAAASUVORK5CYII="
)
WINDOW_SECONDS = 8


def main(words: list[str]) -> int:
    """Run every trial and say how it went."""
    command = [word for word in words if word != "--demo"]
    trials = [version, scan, refuses_wrong_input, job, window]
    if "--demo" in words:
        trials.append(demo)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_source(folder / "source")
        for trial in trials:
            began = time.monotonic()
            trial(command, folder)
            print(f"{trial.__name__}: good, {time.monotonic() - began:.1f} s", flush=True)
    return 0


def write_source(source: Path) -> None:
    """A collection of two images in two classes."""
    for number, label in enumerate(("one", "other")):
        (source / label).mkdir(parents=True)
        (source / label / f"{number}.png").write_bytes(PNG)


def started(command: list[str], *words: str, said: bytes = b"") -> subprocess.CompletedProcess:
    """Run the program to its end."""
    return subprocess.run([*command, *words], input=said, capture_output=True, check=False)


def need(truth: object, done: subprocess.CompletedProcess) -> None:
    """Stop the test, with what the program said, where something does not hold."""
    if not truth:
        print(done.args, done.returncode, done.stdout.decode(), done.stderr.decode(), sep="\n")
        sys.exit(1)


def version(command: list[str], _folder: Path) -> None:
    """It starts and knows its version."""
    done = started(command, "--version")
    need(done.returncode == 0 and done.stdout.startswith(b"meddistill "), done)


def scan(command: list[str], folder: Path) -> None:
    """An operation runs; all operations, torch among them, are loaded for that."""
    done = started(
        command, "scan", str(folder / "source"), "--project", str(folder / "project"), "--json"
    )
    need(done.returncode == 0 and json.loads(done.stdout)["images"] == 2, done)


def refuses_wrong_input(command: list[str], folder: Path) -> None:
    """What cannot be used is a sentence and exit code 2."""
    done = started(command, "scan", str(folder / "nowhere"), "--project", str(folder / "p"))
    need(done.returncode == 2 and b"Traceback" not in done.stderr, done)


def job(command: list[str], folder: Path) -> None:
    """The job child speaks JSON lines."""
    config = {"source": str(folder / "source"), "project": str(folder / "other project")}
    request = json.dumps({"operation": "scan", "config": config}).encode() + b"\n"
    with subprocess.Popen(
        [*command, "--job"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        child.stdin.write(request)
        child.stdin.flush()
        # its input stays open: the end of it would be a stop
        reports = [json.loads(line) for line in child.stdout]
        said = child.stderr.read()
    done = subprocess.CompletedProcess(child.args, child.returncode, b"", said)
    need(reports and reports[-1].get("event") == "finished", done)


def window(command: list[str], folder: Path) -> None:
    """The window opens without a screen and stays open."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(folder)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as shown:
        time.sleep(WINDOW_SECONDS)
        alive = shown.poll() is None
        shown.kill()
        said = shown.stderr.read()
    done = subprocess.CompletedProcess(shown.args, shown.returncode, b"", said)
    need(alive and b"Traceback" not in said, done)


def demo(command: list[str], folder: Path) -> None:
    """The whole way, small: experts, distillation, students, audit, bundle."""
    small = ("--patients", "60", "--iterations", "3", "--json")
    done = started(command, "demo", "--out", str(folder / "demo"), *small)
    need(done.returncode == 0 and Path(json.loads(done.stdout)["bundle"]).is_file(), done)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
