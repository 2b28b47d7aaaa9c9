import base64
import copy
import json
import re
import subprocess
import sys
import zlib

import numpy as np
import pytest

from meddistill_gui.audit import report
from meddistill_gui.audit.formal import COVERAGE
from meddistill_gui.audit.report_pdf import detailed_pdf, public_pdf
from meddistill_gui.core.words import FORBIDDEN, LIMITS, NOT_FOR_CLINICAL_USE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(train, holdout, audited):
    images = np.concatenate([train.images[:1], holdout.images[:3]]).astype(np.float32) / 255
    return audited(images, train, holdout, planted=3)


def streams(pdf):
    """What stands in a file's streams, decoded, without asking the library that wrote it."""
    for found in re.finditer(
        rb"obj\s*<<((?:(?!endobj).)*?)>>\s*stream\r?\n(.*?)endstream", pdf, re.DOTALL
    ):
        about, content = found.groups()
        if b"ASCII85Decode" in about:
            content = base64.a85decode(content.strip(), adobe=False) if not content.strip().endswith(b"~>") else base64.a85decode(b"<~" + content.strip(), adobe=True)  # fmt: skip
        if b"FlateDecode" in about:
            content = zlib.decompress(content)
        yield about, content


def text_of(pdf):
    words = [
        match.group(1)
        for about, content in streams(pdf)
        if b"/Image" not in about
        for match in re.finditer(rb"\(((?:[^()\\]|\\.)*)\) T[jJ]", content)
    ]
    plain = b" ".join(words).decode("cp1252")
    return " ".join(re.sub(r"\\(.)", r"\1", plain).split())


def unescaped(content):
    """Bytes of strings, with their octal escapes undone."""
    return re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found.group(1), 8)]), content)


def pictures_in(pdf):
    return sum(b"/Subtype /Image" in about for about, _ in streams(pdf))


def blank(count):
    return [np.full((8, 8), 10 * number, np.uint8) for number in range(count)]


def test_the_coarse_one_says_what_the_page_says(found):
    coarse = report.public(found)
    pdf = public_pdf(coarse, blank(4))
    text = text_of(pdf)
    for said in (coarse["verdict"], coarse["formal"], NOT_FOR_CLINICAL_USE, *coarse["reasons"]):
        assert said in text
    assert LIMITS in text
    for row in coarse["planted"]:
        assert row["kind"] in text
    assert pictures_in(pdf) == 4
    assert pictures_in(public_pdf(coarse)) == 0


def test_the_detailed_one_says_that_it_stays_and_shows_the_neighbours(found, train, holdout):
    pictures = {f"synthetic/{number}": one for number, one in enumerate(blank(4))}
    for part in (train, holdout):
        pictures |= {f"real/{int(key)}": image[0] for key, image in zip(part.ids, part.images, strict=True)}  # fmt: skip
    pdf = detailed_pdf(found, pictures)
    text = text_of(pdf)
    assert "It stays in the house." in text
    for image in found["images"]:
        assert f"Image {image['index'] + 1}, {image['class']}" in text
        assert f"training image {image['nearest_train'][0]['id']}," in text
    assert pictures_in(pdf) > 8


def test_the_same_report_gives_the_same_bytes_in_another_process_too(found):
    coarse = report.public(found)
    once = public_pdf(coarse, blank(2))
    assert once == public_pdf(coarse, blank(2))
    program = (
        "import json, sys, numpy as np; from meddistill_gui.audit.report_pdf import public_pdf; "
        "sys.stdout.buffer.write(public_pdf(json.load(sys.stdin), [np.full((8, 8), 10 * n, np.uint8) for n in range(2)]))"
    )
    done = subprocess.run([sys.executable, "-c", program], input=json.dumps(coarse).encode(), capture_output=True, check=True)  # fmt: skip
    assert done.stdout == once


def test_neither_holds_a_name_of_this_computer_or_a_time(found):
    pdf = detailed_pdf(found, {})
    assert b"20260" not in pdf
    assert b"/CreationDate (D:2000" in pdf


def test_class_names_in_japanese_stand_in_a_font_for_it(found):
    told = copy.deepcopy(found)
    told["images"][0]["class"] = "肺炎"
    pdf = detailed_pdf(told, {})
    assert b"HeiseiKakuGo-W5" in pdf
    shown = b"".join(content for about, content in streams(pdf) if b"/Image" not in about)
    assert "肺".encode("utf-16-be") in unescaped(shown)


def test_a_report_of_nothing_compared_can_be_printed(train, make_hospital, strangers, audited):
    record = audited(strangers[:4], train, make_hospital(20, side=24, seed=4, first=7000))
    assert "CANNOT TELL" in text_of(public_pdf(report.public(record)))
    assert "CANNOT TELL" in text_of(detailed_pdf(record, {}))


def test_with_a_bound_only_words_travel(found):
    bounded = {**found, "formal": "FORMAL GUARANTEE: (8, 1e-05)-DP per patient"}
    coarse = report.public(bounded)
    assert coarse["reasons"] == [report.STAYS]
    assert not coarse["planted"]
    assert coarse["counts"] == {"synthetic": "4"}
    text = text_of(public_pdf(coarse))
    assert "(8, 1e-05)-DP per patient" in text
    assert COVERAGE in text
    page = report.render_public(coarse)
    assert COVERAGE in page
    assert "training patients" not in page


def test_no_forbidden_word_stands_in_them(found):
    text = text_of(detailed_pdf(found, {})).replace(LIMITS, "").casefold()
    for word in FORBIDDEN:
        assert not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text), word


def test_a_set_that_may_show_a_patient_is_not_shown_in_what_travels(found):
    clean = copy.deepcopy(found)
    clean["verdict"] = "CANNOT TELL"
    for image in clean["images"]:
        image |= {"flagged": False, "exact": False}
    assert report.shows_pictures(clean)
    assert not report.shows_pictures(found), "the first image is a copy"
    clean["images"][2]["flagged"] = True
    assert not report.shows_pictures(clean)
