"""An operation in a child process of the same program: the window stays alive whatever happens to the work."""

import collections
import contextlib
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from meddistill_gui.core.errors import JobDiedError, MedDistillError, Stopped
from meddistill_gui.core.events import Event, Finished
from meddistill_gui.jobs import protocol

_LOG = logging.getLogger(__name__)
_LAST_LINES: Final = 40
_END_SECONDS: Final = 30.0
_MEMORY_SIGNS: Final = ("out of memory", "MemoryError", "bad_alloc", "Cannot allocate memory")
_INSTALL_SIGNS: Final = ("ModuleNotFoundError", "ImportError", "cannot open shared object file")
_LESS_MEMORY: Final = (
    "Close other programs, or choose smaller images, fewer images per class or a smaller network; "
    "a run goes on from its last checkpoint when it is resumed."
)


class ChildProcessJob:
    """A `Job` in a process of its own.

    Args:
        process: The child, with pipes on stdin, stdout and stderr, before it got its request.
        request: What it shall do, see `jobs.protocol`.
    """

    def __init__(self, process: subprocess.Popen[bytes], request: bytes) -> None:
        self._process = process
        self._killed = False
        self._sending = threading.Lock()
        self._said: collections.deque[str] = collections.deque(maxlen=_LAST_LINES)
        self._listener = threading.Thread(target=self._listen, name="job stderr", daemon=True)
        self._listener.start()
        self._send(request)

    def events(self) -> Iterator[Event]:
        """See `Job.events`.

        Raises:
            JobDiedError: The child ended without a last word.
        """
        finished = False
        try:
            for line in _pipe(self._process.stdout):
                report = self._understood(line)
                if isinstance(report, MedDistillError):
                    raise report
                if report is not None:
                    finished = finished or isinstance(report, Finished)
                    yield report
        finally:
            self._end()
        if not finished:
            raise self._death()

    def stop(self) -> None:
        """See `Job.stop`."""
        self._send(protocol.wish_line("stop"))

    def pause(self) -> None:
        """See `Job.pause`."""
        self._send(protocol.wish_line("pause"))

    def resume(self) -> None:
        """See `Job.resume`."""
        self._send(protocol.wish_line("resume"))

    def kill(self) -> None:
        """See `Job.kill`."""
        self._killed = True
        self._process.kill()

    def _send(self, line: bytes) -> None:
        stream = _pipe(self._process.stdin)
        # a child that is already gone is reported by `events`, not here
        with self._sending, contextlib.suppress(OSError, ValueError):
            stream.write(line)
            stream.flush()

    def _understood(self, line: bytes) -> Event | MedDistillError | None:
        try:
            return protocol.read_report(line)
        except ValueError:
            _LOG.warning("a line of the job is no report: %r", line[:200])
            return None

    def _listen(self) -> None:
        for line in _pipe(self._process.stderr):
            text = line.decode(errors="replace").rstrip()
            self._said.append(text)
            _LOG.info("job: %s", text)

    def _end(self) -> None:
        """Close the pipes; a child that still works takes that as a stop."""
        _pipe(self._process.stdout).close()
        with self._sending, contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(_END_SECONDS)
        _pipe(self._process.stderr).close()

    def _death(self) -> MedDistillError:
        if self._killed:
            return Stopped(
                "Ended at once, as you asked.",
                "What was saved before is kept; a run can be resumed.",
            )
        return JobDiedError(*meaning(self._process.returncode, "\n".join(self._said)))


def start(name: str, config: object) -> ChildProcessJob:
    """Start the operation in a child process; it begins to work at once."""
    process = subprocess.Popen(  # noqa: S603 - our own program, no shell
        _program(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    return ChildProcessJob(process, protocol.request_line(name, config))


def meaning(exit_code: int, said: str) -> tuple[str, str]:
    """What the death of a child means, and what to do.

    Args:
        exit_code: Negative for a signal, as `subprocess` gives it.
        said: Its last lines on stderr.

    Returns:
        Message and remedy.
    """
    if any(sign in said for sign in _MEMORY_SIGNS):
        return "The work ended because memory ran out.", _LESS_MEMORY
    if any(sign in said for sign in _INSTALL_SIGNS):
        last = said.strip().splitlines()[-1]
        return f"A part of the program is missing: {last}.", "Install MedDistill again."
    if exit_code == -getattr(signal, "SIGKILL", 9):
        return "The system ended the work, most often because memory ran out.", _LESS_MEMORY
    if exit_code < 0 or exit_code >= 1 << 31:  # a POSIX signal, or a Windows exception
        return (
            f"The work crashed ({_signal_name(exit_code)}), most often inside a driver.",
            "Update the graphics driver, or compute on the CPU; a run goes on when it is resumed.",
        )
    return (
        f"The work ended without saying why (exit code {exit_code}).",
        "Try again; if it happens again, report it together with the log file.",
    )


def _signal_name(exit_code: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(-exit_code).name
    return f"{exit_code:#x}"


def _program() -> list[str]:
    """This program again, as a job; `-P` keeps modules of the current folder out."""
    program = Path(sys.executable)
    # on Windows a program with a window has no pipes; its twin for the terminal lies beside it
    if getattr(sys, "frozen", False):
        return [str(program.with_stem("meddistill")), "--job"]
    if program.stem == "pythonw":
        program = program.with_stem("python")
    return [str(program), "-P", "-m", "meddistill_gui", "--job"]


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """The stream, which `Popen` made because a pipe was asked for."""
    if stream is None:
        raise TypeError("the child has no pipe")
    return stream
