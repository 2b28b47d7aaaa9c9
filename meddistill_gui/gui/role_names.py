"""The parts of the division, as the screen calls them."""

from PySide6.QtCore import QCoreApplication


def role_title(role: str) -> str:
    """Words for a role of `core.real_images.ROLES`."""
    say = QCoreApplication.translate
    titles = {
        "train": say("Roles", "Training"),
        "validation": say("Roles", "Validation"),
        "test": say("Roles", "Test"),
        "holdout": say("Roles", "Hold-out"),
    }
    return titles.get(role, role)
