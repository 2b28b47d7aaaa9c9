"""Stands for the program as a job child: the real `child.main`, with operations that do what their source folder is called."""

import os
import signal
import sys
import threading
import types

from meddistill_gui.core.errors import SourceError
from meddistill_gui.core.events import Finished, Progress, Started


def run(name, config, control):
    yield Started(operation=name)
    yield from BEHAVIOURS[config.source.name](control)
    yield Finished(summary={"text": f"Größe {config.workers}"})


def fails(_control):
    raise SourceError("Größe fehlt.", "Choose another folder.")


def mistaken(_control):
    raise TypeError("a mistake of ours")


def memory(_control):
    raise MemoryError


def library_memory(_control):
    print("terminate called after throwing an instance of 'std::bad_alloc'", file=sys.stderr)
    os.abort()


def killed(_control):
    os.kill(os.getpid(), signal.SIGKILL)


def crashes(_control):
    os.kill(os.getpid(), signal.SIGSEGV)


def leaves(_control):
    os._exit(7)


def chatty(_control):
    print("a library prints to stdout", flush=True)
    os.write(1, b"so does its C part\n")
    return ()


def works(control):
    yield Progress(phase="nice", done=os.nice(0))
    for step in range(10**9):
        control.safe_point()
        yield Progress(phase="working", done=step)
        threading.Event().wait(0.002)


def many(_control):
    for step in range(5000):
        yield Progress(phase="working", done=step)


BEHAVIOURS = {
    work.__name__: work
    for work in (
        fails,
        mistaken,
        memory,
        library_memory,
        killed,
        crashes,
        leaves,
        chatty,
        works,
        many,
    )
}

catalog = types.ModuleType("meddistill_gui.operations.catalog")
catalog.run = run
operations = types.ModuleType("meddistill_gui.operations")
operations.__path__ = []
operations.catalog = catalog
sys.modules |= {operations.__name__: operations, catalog.__name__: catalog}

if __name__ == "__main__":
    from meddistill_gui.jobs import child

    sys.exit(child.main())
