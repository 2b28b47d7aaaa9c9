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
    match config.source.name:
        case "fails":
            raise SourceError("Größe fehlt.", "Choose another folder.")
        case "mistaken":
            raise TypeError("a mistake of ours")
        case "memory":
            raise MemoryError
        case "library-memory":
            print(
                "terminate called after throwing an instance of 'std::bad_alloc'", file=sys.stderr
            )
            os.abort()
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "crashes":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "leaves":
            os._exit(7)
        case "chatty":
            print("a library prints to stdout")
            os.write(1, b"so does its C part\n")
        case "works":
            yield Progress(phase="nice", done=os.nice(0))
            for step in range(10**9):
                control.safe_point()
                yield Progress(phase="working", done=step)
                threading.Event().wait(0.002)
        case "many":
            for step in range(5000):
                yield Progress(phase="working", done=step)
    yield Finished(summary={"text": f"Größe {config.workers}"})


catalog = types.ModuleType("meddistill_gui.operations.catalog")
catalog.run = run
operations = types.ModuleType("meddistill_gui.operations")
operations.__path__ = []
operations.catalog = catalog
sys.modules |= {operations.__name__: operations, catalog.__name__: catalog}

if __name__ == "__main__":
    from meddistill_gui.jobs import child

    sys.exit(child.main())
