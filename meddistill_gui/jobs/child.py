"""Inside the child process: reads one request, does the work, writes its events."""

import faulthandler
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Final

from meddistill_gui.core.errors import ConfigError, MedDistillError
from meddistill_gui.jobs import protocol
from meddistill_gui.jobs.job import Job

_NICENESS: Final = 10
_GRACE_SECONDS: Final = 60.0


def main() -> int:
    """Serve one request from stdin; the exit code is that of the command line."""
    reports = _claim_stdout()
    _step_back()
    faulthandler.enable()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(name)s: %(message)s")
    lines = _lines(0)
    try:
        name, config = protocol.read_request(next(lines, b""))
        # here and not above: with torch this takes seconds, and a wrong request needs none of it
        from meddistill_gui.jobs import in_process  # noqa: PLC0415
    except MedDistillError as error:
        _report(reports, protocol.error_line(error))
        return error.exit_code
    except ValueError as error:
        _report(reports, protocol.error_line(ConfigError([f"{error}."], "Start it again.")))
        return ConfigError.exit_code
    job = in_process.start(name, config)
    threading.Thread(target=_obey, args=(lines, job), name="wishes", daemon=True).start()
    return _serve(job, reports)


def _serve(job: Job, reports: int) -> int:
    try:
        for event in job.events():
            if not _report(reports, protocol.event_line(event)):
                job.stop()
    except MedDistillError as error:
        if error.__cause__ is not None:
            traceback.print_exception(error)
        _report(reports, protocol.error_line(error))
        return error.exit_code
    return 0


def _claim_stdout() -> int:
    """Keep stdout for reports; whatever a library prints goes to stderr instead.

    Returns:
        File descriptor for the reports.
    """
    reports = os.dup(1)
    os.dup2(2, 1)
    return reports


def _step_back() -> None:
    """Let the window and everybody else go first, and leave Ctrl-C to the window."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)


def _lines(descriptor: int) -> Iterator[bytes]:
    """Lines of a pipe, unbuffered: a thread waiting in Python's own buffer would block the exit."""
    rest = b""
    while chunk := os.read(descriptor, 1 << 16):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole


def _report(descriptor: int, line: bytes) -> bool:
    """Write a line; False where nobody reads any more."""
    try:
        while line:
            line = line[os.write(descriptor, line) :]
    except OSError:
        return False
    return True


def _obey(lines: Iterator[bytes], job: Job) -> None:
    """Pass wishes on. When the parent is gone, stop and keep what there is; work that cannot stop is ended."""
    for line in lines:
        match protocol.read_wish(line):
            case "stop":
                job.stop()
            case "pause":
                job.pause()
            case "resume":
                job.resume()
    job.stop()
    end = threading.Timer(_GRACE_SECONDS, os._exit, (1,))
    end.daemon = True
    end.start()
