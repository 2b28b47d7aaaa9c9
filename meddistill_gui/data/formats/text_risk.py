"""Whether the pixels of a DICOM file may show text, as far as its header tells: names burned into the picture would be learned with it.

The header alone; what the pixels themselves show is looked at by the audit (`docs/anonymity.md`, M8). The rules follow PS3.3 C.7.6.1.1.1
(Burned In Annotation), and the kinds of objects that PS3.15 E.3.1 names as likely to carry text.
"""

from collections.abc import Iterator
from typing import Final

from pydicom.dataset import Dataset

RISK_TAGS: Final = ("BurnedInAnnotation", "ConversionType", "SOPClassUID", "Modality")

_SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"  # and its multi-frame kinds below it
_WITH_TEXT: Final = {
    "US": "ultrasound",
    "IVUS": "ultrasound",
    "ES": "endoscopy",
    "XC": "a photograph",
    "GM": "a photograph",
    "OT": "of another kind",
    "SC": "a secondary capture",
    "DOC": "a document",
    "SR": "a document",
}
_CONVERTED: Final = {
    "DV": "from a video",
    "DI": "from a digital interface",
    "DF": "from film",
    "WSD": "on a workstation",
    "SD": "from paper",
    "SI": "from a picture on paper or film",
    "DRW": "by drawing",
    "SYN": "from other pictures",
}


def text_risk(header: Dataset) -> str:
    """Why the pixels may show text, one sentence; "" where the header gives no reason to think so."""
    declared = str(header.get("BurnedInAnnotation") or "").strip().upper()
    if declared == "YES":
        return "The header says that text is burned into the pixels."
    reasons = ", ".join(_reasons(header))
    if not reasons:
        return ""
    kept = " The header says that none is burned in; it may be wrong." if declared == "NO" else ""
    return f"Pictures like this often show text in their pixels: it is {reasons}.{kept}"


def _reasons(header: Dataset) -> Iterator[str]:
    kind = str(header.get("SOPClassUID") or "")
    modality = str(header.get("Modality") or "").strip().upper()
    if kind == _SECONDARY_CAPTURE or kind.startswith(f"{_SECONDARY_CAPTURE}."):
        yield "a secondary capture"
    elif modality in _WITH_TEXT:
        yield _WITH_TEXT[modality]
    conversion = str(header.get("ConversionType") or "").strip().upper()
    if conversion in _CONVERTED:
        yield f"made {_CONVERTED[conversion]}"
