"""Both reports as PDF, on paper what the pages are on a screen. The same report gives the same bytes.

No font file is needed: see `report_fonts`. A picture is drawn from a bare array, so nothing of a source file comes with it.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from reportlab.graphics.shapes import Drawing, Line, Rect
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    Image,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)

from meddistill_gui.audit.formal import COVERAGE
from meddistill_gui.audit.report import histogram
from meddistill_gui.audit.report_fonts import LATIN, marked_up
from meddistill_gui.core.words import FORMAL_GUARANTEE_NONE, NOT_FOR_CLINICAL_USE, Verdict

UInt8 = npt.NDArray[np.uint8]

_INK, _SOFT, _LINE, _BAR = (HexColor(code) for code in (0x1B2430, 0x5A6675, 0xD8DEE6, 0xB9C4D0))
_RED, _AMBER, _GREY, _ACCENT = (HexColor(code) for code in (0xB3261E, 0x8A5A00, 0x4A5665, 0x0B6E8F))
_TONES: Final = {Verdict.LEAK_FOUND: _RED, Verdict.CANNOT_TELL: _AMBER}
_TEXT: Final = ParagraphStyle("text", fontName=LATIN, fontSize=9, leading=12.5, textColor=_INK, spaceAfter=4)  # fmt: skip
_SMALL: Final = ParagraphStyle("small", _TEXT, fontSize=7.5, leading=10, textColor=_SOFT)
_TITLE: Final = ParagraphStyle("title", _TEXT, fontSize=17, leading=21, spaceAfter=6)
_HEADING: Final = ParagraphStyle("heading", _TEXT, fontSize=12, leading=15, spaceBefore=12, spaceAfter=4)  # fmt: skip
_WIDTH: Final = A4[0] - 40 * mm
_TALL: Final = 200 * mm
_PICTURE: Final = 16 * mm
_ACROSS: Final = 10


def public_pdf(report: Mapping[str, Any], synthetic: Sequence[UInt8] = ()) -> bytes:
    """The coarse report; it may travel.

    Args:
        report: What `report.public` returned.
        synthetic: The synthetic images, uint8 `[H, W]` or `[H, W, 3]`; no real one.
    """
    story = [
        Paragraph("What could still leak", _TITLE),
        _said(
            "The coarse report of an audit: it may travel with the set. It holds nothing of a single patient.",
            _SMALL,
        ),
        *_verdict(report),
        *_counts(report["counts"]),
    ]
    if len(synthetic):
        story.append(Paragraph("The synthetic images", _HEADING))
        story += _grid([(one, str(number)) for number, one in enumerate(synthetic, start=1)])
    story += [*_checks(report), *_planted(report["planted"]), *_rules(report["policy"])]
    return _made(story, "What could still leak", "")


def detailed_pdf(report: Mapping[str, Any], pictures: Mapping[str, UInt8]) -> bytes:
    """The fine-grained report; it shows real patients and stays in the house.

    Args:
        report: What `examination.examine` returned.
        pictures: "synthetic/0" by index, "real/17" by catalogue id; uint8. What is missing is left blank.
    """
    story = [
        Paragraph("What could still leak, in detail", _TITLE),
        *_verdict(report),
        *_counts(report["counts"]),
        *_checks(report),
    ]
    if report["images"]:
        story.append(Paragraph("Beside new patients", _HEADING))
        for score, words in (
            ("a", "Score A: how far the nearest patient stands out"),
            ("b", "Score B: greatest similarity over all views"),
        ):
            story += _histogram(report, score, words)
        story.append(Paragraph("Each synthetic image", _HEADING))
        for image in sorted(report["images"], key=lambda one: (one["p"], one["index"])):
            story.append(_image(image, pictures))
    story += [*_whole(report), *_corners(pictures), *_planted(report["planted"])]
    story += _rules(report["policy"])
    return _made(story, "What could still leak, in detail", "This document shows real patients. It stays in the house.")  # fmt: skip


def _made(story: list[Flowable], title: str, warning: str) -> bytes:
    """The finished file, without a time or a name of the computer in it."""

    def around(canvas: Canvas, _document: object) -> None:
        canvas.saveState()
        canvas.setFont(LATIN, 7.5)
        canvas.setFillColor(_SOFT)
        canvas.drawString(20 * mm, 10 * mm, NOT_FOR_CLINICAL_USE)
        canvas.drawRightString(A4[0] - 20 * mm, 10 * mm, str(canvas.getPageNumber()))
        if warning:
            canvas.setFillColor(_RED)
            canvas.drawString(20 * mm, A4[1] - 12 * mm, warning)
        canvas.restoreState()

    stream = io.BytesIO()
    document = SimpleDocTemplate(
        stream, pagesize=A4, invariant=1, title=title, author="MedDistill", subject="", creator="MedDistill",
        leftMargin=20 * mm, rightMargin=20 * mm, topMargin=18 * mm, bottomMargin=18 * mm,
    )  # fmt: skip
    document.build(story, onFirstPage=around, onLaterPages=around)
    return stream.getvalue()


def _said(text: str, style: ParagraphStyle = _TEXT) -> Paragraph:
    return Paragraph(marked_up(text), style)


def _verdict(report: Mapping[str, Any]) -> Iterator[Flowable]:
    tone = _TONES.get(report["verdict"], _GREY)
    word = ParagraphStyle("verdict", _TITLE, textColor=tone, fontSize=14, leading=18)
    lines = [Paragraph(marked_up(report["verdict"]), word)]
    lines += [_said(reason) for reason in report["reasons"]]
    if report["initialisation"] != "noise":
        lines.append(_said("Started from real patients' images.", ParagraphStyle("red", _TEXT, textColor=_RED)))  # fmt: skip
    lines.append(_said(report["formal"]))
    if report["formal"] != FORMAL_GUARANTEE_NONE:
        lines.append(_said(COVERAGE, _SMALL))
    # one cell a row, so that many reasons can go over the end of a page
    box = Table([[line] for line in lines], colWidths=[_WIDTH])
    box.setStyle([("LINEBEFORE", (0, 0), (0, -1), 3, tone), ("LEFTPADDING", (0, 0), (0, -1), 10), ("TOPPADDING", (0, 0), (0, -1), 1), ("BOTTOMPADDING", (0, 0), (0, -1), 1)])  # fmt: skip
    yield Spacer(1, 6)
    yield box
    yield Spacer(1, 6)
    yield _said(report["limits"])


def _counts(counts: Mapping[str, Any]) -> Iterator[Flowable]:
    names = {
        "synthetic": "synthetic images",
        "train_patients": "training patients",
        "train_images": "their images",
        "holdout_patients": "hold-out patients",
        "holdout_images": "their images",
    }
    known = [(words, counts[name]) for name, words in names.items() if counts.get(name) is not None]
    rows = [[_said(str(count)) for _, count in known], [_said(words, _SMALL) for words, _ in known]]
    yield Table(rows, colWidths=[_WIDTH / len(known)] * len(known))


def _checks(report: Mapping[str, Any]) -> Iterator[Flowable]:
    if not report["preconditions"]:
        return
    yield Paragraph("What the audit rests on", _HEADING)
    rows = [
        [_said(one["name"]), _said("met" if one["passed"] else "not met"), _said(one.get("sentence", ""))]
        for one in report["preconditions"]
    ]  # fmt: skip
    yield _lined(rows, [_WIDTH * 0.3, _WIDTH * 0.12, _WIDTH * 0.58])


def _planted(rows: Sequence[Mapping[str, Any]]) -> Iterator[Flowable]:
    if not rows:
        return
    yield Paragraph("Could the search have found a copy?", _HEADING)
    yield _said("Copies of known training patients, changed in known ways, were planted beside the set and searched for in the same way.")  # fmt: skip
    head = [_said(words, _SMALL) for words in ("planted", "found", "right patient named", "missed with at most 5 %")]  # fmt: skip
    body = [
        [
            _said(row["kind"]),
            _said(f"{row['found']} of {row['planted']}"),
            _said(str(row["right_patient"])),
            _said("yes" if row["marked"] else "no"),
        ]
        for row in rows
    ]
    yield _lined([head, *body], [_WIDTH * 0.4, _WIDTH * 0.18, _WIDTH * 0.2, _WIDTH * 0.22])


def _rules(rows: Sequence[Sequence[str]]) -> Iterator[Flowable]:
    yield Paragraph("Rules of this audit", _HEADING)
    yield _lined(
        [[_said(what), _said(much)] for what, much in rows], [_WIDTH * 0.55, _WIDTH * 0.45]
    )
    yield _said("The thresholds are choices of the program, the same for every set.", _SMALL)


def _whole(report: Mapping[str, Any]) -> Iterator[Flowable]:
    measures = {
        "closeness": "closeness index",
        "three_sample": "three-sample test",
        "recovery": "starting patients",
        "reidentification": "same person again",
        "membership": "membership",
        "deep_membership": "membership, deep",
    }
    rows = [
        (words, report[name]["sentence"])
        for name, words in measures.items()
        if (report.get(name) or {}).get("sentence")
    ]
    rows += [("burned-in text", line) for line in report.get("burned_in", ())]
    rows += [("beside the pixels", line) for line in report.get("side_channels", ())]
    if rows:
        yield Paragraph("The set as a whole", _HEADING)
        yield _lined([[_said(name), _said(line)] for name, line in rows], [_WIDTH * 0.25, _WIDTH * 0.75])  # fmt: skip


def _corners(pictures: Mapping[str, UInt8]) -> Iterator[Flowable]:
    """Corners of source files at full size, where names are written; somebody has to look."""
    pixels = pictures.get("corners")
    if pixels is None:
        return
    yield Paragraph("Corners of source files", _HEADING)
    yield _said("Top left, top right, bottom left and bottom right of files drawn by lot, at full size. Look for names and numbers.")  # fmt: skip
    high, wide = pixels.shape[:2]
    scale = min(_WIDTH / wide, _TALL / high)
    yield Image(_png(pixels, 1), width=wide * scale, height=high * scale)


def _histogram(report: Mapping[str, Any], score: str, words: str) -> Iterator[Flowable]:
    bars = histogram(report, score)
    if bars is None:
        return
    height = 22 * mm
    drawing = Drawing(_WIDTH, height)
    for bar in bars["bars"]:
        tall = bar["height"] / 100 * height
        drawing.add(Rect(bar["left"] / 100 * _WIDTH, 0, _WIDTH * 0.024, tall, fillColor=_BAR, strokeColor=None))  # fmt: skip
    for mark in bars["marks"]:
        colour = _RED if mark["flagged"] else _ACCENT
        across = mark["left"] / 100 * _WIDTH
        drawing.add(Line(across, 0, across, height, strokeColor=colour, strokeWidth=0.8))
    limit = bars["threshold"] / 100 * _WIDTH
    drawing.add(Line(limit, 0, limit, height, strokeColor=_INK, strokeDashArray=[3, 2]))
    told = f"{words}, from {bars['low']} to {bars['high']}. Grey: hold-out images; lines: synthetic images; dashed: the greatest value of a calibration patient."  # fmt: skip
    yield KeepTogether([_said(told, _SMALL), drawing, Spacer(1, 6)])


def _image(image: Mapping[str, Any], pictures: Mapping[str, UInt8]) -> Flowable:
    """One synthetic image beside the real ones."""
    state = "a copy, pixel by pixel" if image["exact"] else "traceable to one patient" if image["confirmed"] else "to be reviewed" if image["flagged"] else ""  # fmt: skip
    line = f"Image {image['index'] + 1}, {image['class']}: p = {image['p']:.3f}, score A {image['score_a']:.2f}, score B {image['score_b']:.3f}, score D {image['score_d']:.2f}. {state}"  # fmt: skip
    shown = [(pictures.get(f"synthetic/{image['index']}"), "synthetic")]
    for score in ("a", "b", "d"):
        found = image.get(f"found_{score}")
        if found:
            shown.append((pictures.get(f"real/{found['id']}"), f"{score.upper()}: image {found['id']}, {found['way']}, {found['similarity']:.2f}"))  # fmt: skip
    for side, words in (("nearest_train", "training"), ("nearest_holdout", "hold-out")):
        shown += [
            (pictures.get(f"real/{one['id']}"), f"{words} image {one['id']}, distance {one['distance']:,}")
            for one in image[side]
        ]  # fmt: skip
    return KeepTogether([_said(line), *_grid(shown), Spacer(1, 4)])


def _grid(shown: Sequence[tuple[UInt8 | None, str]]) -> Iterator[Flowable]:
    for first in range(0, len(shown), _ACROSS):
        some = shown[first : first + _ACROSS]
        cells = [
            [_picture(pixels) for pixels, _ in some],
            [_said(words, _SMALL) for _, words in some],
        ]
        table = Table(cells, colWidths=[_WIDTH / _ACROSS] * len(some), hAlign="LEFT")
        table.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
        yield table


def _picture(pixels: UInt8 | None) -> Flowable:
    if pixels is None:
        return Spacer(_PICTURE, _PICTURE)
    flat = pixels
    if pixels.ndim == 3 and pixels.shape[-1] != 3:
        flat = pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0))
    factor = max(1, round(160 / max(flat.shape[:2])))  # whole pixels stay whole
    return Image(_png(flat, factor), width=_PICTURE, height=_PICTURE)


def _png(pixels: UInt8, factor: int) -> io.BytesIO:
    """A picture from bare values, so that nothing of a file comes with it."""
    stream = io.BytesIO()
    enlarged = np.repeat(np.repeat(pixels, factor, axis=0), factor, axis=1)
    Pillow.fromarray(np.ascontiguousarray(enlarged)).save(stream, format="PNG")
    stream.seek(0)
    return stream


def _lined(rows: Sequence[Sequence[Flowable]], widths: Sequence[float]) -> Table:
    table = Table([list(row) for row in rows], colWidths=list(widths), repeatRows=0)
    table.setStyle(
        [
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ]
    )
    return table
