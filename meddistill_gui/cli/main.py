"""`meddistill OPERATION ...`: understands the command line, runs the operation here, prints what it says.

Exit codes: 0 done, 2 the input cannot be used, 1 the work failed, 130 stopped.
"""

import json
import logging
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from meddistill_gui.cli import arguments, asking, interrupts, tables
from meddistill_gui.cli.arguments import Request
from meddistill_gui.cli.progress import Bars, Display, EventLines, Lines, Silent
from meddistill_gui.core import logs, paths
from meddistill_gui.core.errors import InputError, MedDistillError, RunError, Stopped
from meddistill_gui.core.events import Finished
from meddistill_gui.jobs.job import Job

_LOG: Final = logging.getLogger(__name__)
_STOPPING: Final = "Stopping where nothing is lost; press Ctrl-C again to stop at once."


def main(typed: Sequence[str]) -> int:
    """Run one command line.

    Args:
        typed: The arguments after the program's name.

    Returns:
        Exit code.
    """
    words = Console(stderr=True)
    log: Path | None = None
    try:
        request = arguments.parse(typed)
        log = _start_log()
        asking.ask_for_passphrases(request.config)
        asking.confirm_real_start(request.spec.name, request.config)
        _print(_run(request, words), request)
        sys.stdout.flush()
    except MedDistillError as error:
        _explain(error, words, log)
        return error.exit_code
    except KeyboardInterrupt:
        words.print("Stopped at once; what was saved before is kept.")
        return Stopped.exit_code
    except BrokenPipeError:
        # whoever read our output has gone; Python must not complain again when it flushes at exit
        sys.stdout = None
        return 1
    return 0


def _start_log() -> Path | None:
    try:
        return logs.start_logging(paths.user_logs())
    except OSError:
        # a home that cannot be written to (as on many clusters) must not keep anybody from working
        return None


def _run(request: Request, words: Console) -> Mapping[str, Any]:
    with words.status("Starting ...") if words.is_terminal else Silent():
        job = _job(request)
    summary: Mapping[str, Any] = {}
    with _display(request, words) as display:

        def ask() -> None:
            job.stop()
            display.say(_STOPPING)

        with interrupts.stopping(ask):
            for event in job.events():
                display.show(event)
                if isinstance(event, Finished):
                    summary = event.summary
    return summary


def _job(request: Request) -> Job:
    try:
        # here and not above: operations bring torch, and `--help` must not wait for it
        from meddistill_gui.jobs import in_process  # noqa: PLC0415
    except ImportError as error:
        raise RunError(
            f"A part of the program is missing: {error}.", "Install MedDistill again."
        ) from error
    return in_process.start(request.spec.name, request.config)


def _display(request: Request, words: Console) -> Display:
    if request.event_lines:
        return EventLines(words if request.as_json else Console())
    if request.as_json:
        return Silent()
    return Bars(words) if words.is_terminal else Lines(words)


def _print(summary: Mapping[str, Any], request: Request) -> None:
    if not summary:
        return  # one of several processes of a run: the first one speaks
    if request.as_json:
        print(json.dumps(_strict(summary), ensure_ascii=False, allow_nan=False))
    elif not request.event_lines:
        console = Console()
        for part in tables.rendered(summary):
            console.print(part)


def _strict(value: Any) -> Any:
    """The value with null for what JSON has no number for."""
    if isinstance(value, Mapping):
        return {name: _strict(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _explain(error: MedDistillError, words: Console, log: Path | None) -> None:
    """A sentence and a remedy; the traceback of anything but a user's mistake goes to the log."""
    style = "" if isinstance(error, Stopped) else "bold red"
    words.print(error.message, style=style, markup=False, highlight=False, soft_wrap=True)
    if error.remedy:
        words.print(error.remedy, markup=False, highlight=False, soft_wrap=True)
    if not isinstance(error, InputError | Stopped):
        _LOG.error("%s", error, exc_info=error)
        if log is not None:
            words.print(f"Log: {log}", markup=False, highlight=False, soft_wrap=True)
