"""The child itself, spoken to over its pipes by hand."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from meddistill_gui.core.configs.scan import ScanConfig
from meddistill_gui.jobs import protocol

pytestmark = pytest.mark.slow
PROGRAM = Path(__file__).with_name("program.py")


def spoken_to(said: bytes) -> tuple[int, list[dict]]:
    done = subprocess.run(
        [sys.executable, str(PROGRAM)], input=said, capture_output=True, check=False
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("said", [b"", b"\n", b"hello\n", b'{"operation": "scan"'])
def test_what_is_no_request_ends_with_an_error_line(said):
    code, lines = spoken_to(said)
    assert code == 2
    assert lines[-1]["error"] == "ConfigError"


def test_a_wrong_value_ends_with_an_error_line():
    config = ScanConfig(source=Path("many"), project=Path("p"), workers=99)
    code, lines = spoken_to(protocol.request_line("scan", config))
    assert code == 2
    assert "workers is 99" in lines[-1]["message"]


def test_input_that_ends_is_a_stop():
    config = ScanConfig(source=Path("works"), project=Path("p"))
    code, lines = spoken_to(protocol.request_line("scan", config))
    assert code == 130
    assert lines[-1]["error"] == "Stopped"
