"""Options of `purge`: what is thrown away of a project's cache."""

from dataclasses import dataclass
from pathlib import Path

from meddistill_gui.core.config import option


@dataclass(frozen=True, kw_only=True)
class PurgeConfig:
    """Delete the cached pixels and thumbnails of real images. They never leave the house, and are made anew from the source when needed."""

    project: Path = option(text="Project folder.", positional=True)
