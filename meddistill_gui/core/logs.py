"""One log, in a file of this user; a window has no terminal to print to."""

import logging
import logging.handlers
import warnings
from pathlib import Path
from typing import Final

_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_MEGABYTE: Final = 1 << 20


def start_logging(folder: Path, *, level: int = logging.INFO) -> Path:
    """Log into `folder/meddistill.log` (three files of 2 MB at most); Python's warnings go there too.

    Returns:
        The log file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "meddistill.log"
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=2 * _MEGABYTE, backupCount=2, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    warnings.simplefilter("default")
    return path
