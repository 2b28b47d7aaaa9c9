"""Where the program keeps its own things: resources that ship with it, settings and logs of this user."""

import os
import sys
from pathlib import Path
from typing import Final

import appdirs

APP_NAME: Final = "MedDistill"


def resources() -> Path:
    """The folder `resources`, in a checkout, in a wheel and in a frozen build.

    Raises:
        FileNotFoundError: It is in none of these places (a broken installation).
    """
    package = Path(__file__).resolve().parents[1]
    candidates = [package / "_resources", package.parent / "resources"]
    if override := os.environ.get("MEDDISTILL_RESOURCES"):
        candidates.insert(0, Path(override))
    if frozen := getattr(sys, "_MEIPASS", None):
        candidates.insert(0, Path(frozen) / "resources")
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"no resources in any of {', '.join(map(str, candidates))}")


def user_config() -> Path:
    """Folder of this user's settings (created)."""
    return _created(Path(appdirs.user_config_dir(APP_NAME, appauthor=False)))


def user_logs() -> Path:
    """Folder of this user's logs (created)."""
    return _created(Path(appdirs.user_log_dir(APP_NAME, appauthor=False)))


def user_data() -> Path:
    """Folder for projects that the user did not place elsewhere (created)."""
    return _created(Path(appdirs.user_data_dir(APP_NAME, appauthor=False)))


def _created(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
