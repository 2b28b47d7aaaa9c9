"""The config while it is being put together; every step of the wizard shows it and changes it."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.distill import DistillConfig


class Draft(QObject):
    """One config, replaced as a whole.

    Args:
        config: What to begin with.
        parent: Owner.
    """

    changed = Signal()

    def __init__(self, config: DistillConfig, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.config = config

    def replace(self, config: DistillConfig) -> None:
        """Take another config."""
        if config != self.config:
            self.config = config
            self.changed.emit()

    def set(self, values: Mapping[str, Any]) -> None:
        """Change some values, by dotted path.

        Raises:
            ConfigError: A path is unknown.
        """
        self.replace(with_values(self.config, values))
