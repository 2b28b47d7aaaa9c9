"""What the window remembers of this user: recent projects, colours, size of text, size of the window."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from meddistill_gui.core.config import load_toml, option, save_toml
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.paths import user_config

RECENT_COUNT: Final = 10
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that is remembered; a missing or damaged file means these defaults."""

    recent: tuple[str, ...] = option((), text="Recent project folders, newest first.")
    scheme: str = option("system", text="Colours.", choices=("system", "light", "dark"))
    text_percent: int = option(100, text="Size of text.", unit="%", minimum=100, maximum=200)
    width: int = option(1280, text="Width of the window.", minimum=640, maximum=16384)
    height: int = option(832, text="Height of the window.", minimum=480, maximum=16384)

    def with_recent(self, root: Path) -> "Settings":
        """The same with `root` as the newest project."""
        others = [known for known in self.recent if known != str(root)]
        return replace(self, recent=(str(root), *others)[:RECENT_COUNT])


def settings_file() -> Path:
    """Where this user's settings lie."""
    return user_config() / "window.toml"


def load(path: Path) -> Settings:
    """Read the settings; what cannot be read is logged and replaced by the defaults."""
    if not path.is_file():
        return Settings()
    try:
        return load_toml(Settings, path)
    except MedDistillError as error:
        _log.warning("the window's settings are set back: %s", error)
        return Settings()


def save(path: Path, settings: Settings) -> None:
    """Write the settings; a full or read-only disk is logged, for nothing of the user's work is in them."""
    try:
        save_toml(path, settings)
    except MedDistillError as error:
        _log.warning("the window's settings could not be kept: %s", error)
