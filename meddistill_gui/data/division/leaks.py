"""The leak check of a stored split: asked of the catalogue as it is, not of whoever drew it."""

from dataclasses import dataclass
from typing import Final

from meddistill_gui.data.catalogue import Catalogue

_TORN: Final = """
SELECT count(*) FROM (
    SELECT 1 FROM image JOIN role ON role.image = image.id WHERE image.{column} IS NOT NULL
    GROUP BY {group} HAVING count(DISTINCT role.role) > 1)
"""


@dataclass(frozen=True, kw_only=True)
class LeakCheck:
    """What stands in more than one part of the split.

    Attributes:
        patients: Patients (identity and issuer).
        studies: Studies.
        copies: Images of which a copy stands in another part.
        near_copies: Pairs of near copies in two parts, as far as the images were read already (`copies`).
    """

    patients: int
    studies: int
    copies: int
    near_copies: int = 0

    @property
    def passed(self) -> bool:
        """Whether nothing does."""
        return self.patients == self.studies == self.copies == self.near_copies == 0


def check_leaks(catalogue: Catalogue) -> LeakCheck:
    """Count what stands in more than one part of the stored split."""

    def torn(column: str, group: str = "") -> int:
        sql = _TORN.format(column=column, group=group or f"image.{column}")
        found: int = catalogue.value(sql)
        return found

    same_sample = torn("fingerprint", "image.fingerprint, image.frame")
    same_pixels = torn("pixels")
    near: int = catalogue.value(
        "SELECT count(*) FROM copy JOIN role a ON a.image = copy.image JOIN role b ON b.image = copy.other "
        "WHERE a.role != b.role"
    )
    return LeakCheck(
        patients=torn("patient"),
        studies=torn("study"),
        copies=max(same_sample, same_pixels),
        near_copies=near,
    )
