import json
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from meddistill_gui.audit import report
from meddistill_gui.core.words import LIMITS

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """Tags in order, pictures' sources and all text of a page."""

    def __init__(self, text):
        super().__init__()
        self.open, self.sources, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.sources.append(dict(attrs)["src"])
        elif tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def found(train, holdout, audited):
    images = np.concatenate([train.images[:2], holdout.images[:2]]).astype(np.float32) / 255
    return audited(images, train, holdout, planted=5)


def test_the_report_is_plain_json(found):
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_coarse_report_holds_nothing_of_a_single_image(found):
    coarse = report.public(found)
    assert set(coarse) == {
        "format",
        "verdict",
        "reasons",
        "formal",
        "initialisation",
        "preconditions",
        "counts",
        "planted",
        "policy",
        "limits",
    }
    text = json.dumps(coarse)
    for image in found["images"]:
        for one in [*image["nearest_train"], *image["nearest_holdout"]]:
            assert str(one["id"]) not in text
        assert f"image {image['index'] + 1} " not in text
    assert coarse["limits"] == LIMITS
    assert coarse["counts"]["train_patients"] == "about 200"


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "fewer than 11"), (10, "fewer than 11"), (11, "about 10"), (8213, "about 8,210")],
)
def test_counts_travel_rounded(count, words):
    assert report.rounded(count) == words


def test_the_coarse_page_shows_no_real_picture(found):
    own = [report.picture(np.full((4, 4), value, dtype=np.uint8)) for value in (1, 2)]
    page = Page(report.render_public(report.public(found), own))
    assert page.sources == own
    assert not page.open
    assert found["verdict"] in page.text
    assert LIMITS in page.text


def test_the_detailed_page_shows_each_image_beside_its_neighbours(found, train):
    keys = {f"real/{one['id']}" for image in found["images"] for one in image["nearest_train"]}
    pictures = {key: report.picture(train.images[int(key[5:]) - 1000]) for key in keys}
    page = Page(report.render_detailed(found, pictures))
    assert not page.open
    assert set(page.sources) == set(pictures.values())
    assert "It stays in the house" in page.text


def test_the_pages_of_an_audit_that_compared_nothing(train, make_hospital, strangers, audited):
    record = audited(strangers[:4], train, make_hospital(20, side=24, seed=4, first=7000))
    assert "CANNOT TELL" in Page(report.render_public(report.public(record))).text
    assert "CANNOT TELL" in Page(report.render_detailed(record, {})).text


def test_what_stands_in_a_page_is_escaped(found):
    wrong = {**report.public(found), "reasons": ["<script>alert(1)</script>"]}
    assert "<script>" not in report.render_public(wrong)


@pytest.mark.parametrize("shape", [(5, 7), (1, 5, 7), (3, 5, 7)])
def test_a_picture_is_its_pixels_and_nothing_else(shape):
    import base64

    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    content = base64.b64decode(report.picture(pixels).split(",")[1])
    with Image.open(BytesIO(content)) as image:
        assert image.info == {}
        back = np.asarray(image)
    wanted = pixels if pixels.ndim == 2 else pixels.transpose(1, 2, 0)
    assert np.array_equal(back.reshape(wanted.shape), wanted)
