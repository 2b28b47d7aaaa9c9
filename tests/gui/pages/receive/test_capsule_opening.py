"""A capsule on the receive page: rebuilt by the real operation, shown, written; a damaged one is refused and costs nothing."""

import json

import numpy as np
import pytest
import safetensors.numpy
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QDropEvent

from benchmarks.bundle_sample import prescribed_set
from meddistill_gui.bundle import capsule as capsules
from meddistill_gui.bundle import writer
from meddistill_gui.bundle.capsule import Capsule
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.events import Finished, Progress
from meddistill_gui.gui.pages.receive.page import ReceivePage
from tests.gui.pages.prescribed import ORDER, PATIENCE_MS, WAYS


@pytest.fixture
def make_page(session, qtbot):
    made = []

    def open_page(start) -> ReceivePage:
        page = ReceivePage(session, start)
        made.append(page)
        qtbot.addWidget(page)
        page.resize(1100, 760)
        page.show()
        return page

    yield open_page
    for page in made:
        page._reading.close()
        page.capsule.close_reading()
        page.capsule._work.close()


def packed(**other) -> bytes:
    """A capsule as another hospital sends it; the network is really rebuilt, so that its digest is right."""
    import torch

    from meddistill_gui.core.control import Control
    from meddistill_gui.engine.capsules import rebuild

    sent = prescribed_set(order=ORDER)
    made = rebuild(sent, torch.device("cpu"), Control())
    values = {"digest": made.digest, "answers": made.answers, **other}
    return capsules.to_bytes(
        Capsule(distilled=sent, parameters=made.parameters, delta=0.4, **values)
    )


@pytest.fixture(scope="module")
def content() -> bytes:
    return packed()


@pytest.fixture
def capsule(content, tmp_path):
    path = tmp_path / "nord.capsule"
    path.write_bytes(content)
    return path


def opened(page, path, qtbot) -> None:
    page.open_path(path)
    qtbot.waitUntil(
        lambda: page.capsule.file is not None or page._frame.notice.text().startswith("Error"),
        timeout=PATIENCE_MS,
    )


def refused(page) -> str:
    assert page.capsule.file is None
    assert page._stack.currentWidget() is page._empty
    assert not page._frame.progress.isVisible()
    assert page._empty.action.isEnabled()
    return page._frame.notice.text()


@pytest.mark.slow
@pytest.mark.parametrize("start", WAYS)
def test_a_capsule_is_rebuilt_shown_and_written(
    start, make_page, capsule, tmp_path, qtbot, monkeypatch
):
    page = make_page(start)
    opened(page, capsule, qtbot)
    assert "nord.capsule is whole, and its network is the sender's." in page._frame.notice.text()
    facts = {name: one.text() for name, one in page.capsule.view.facts.items()}
    size = capsule.stat().st_size
    assert facts["same"] == "the sender's, bit for bit"
    assert f"({size:,} bytes)" in facts["size"]
    assert facts["vote"].startswith("positive from 40.0%")
    assert facts["statistics"] == "of the synthetic images"
    mosaic = page.capsule.view.mosaic
    assert mosaic.isVisible()
    mosaic.choose(1)
    assert mosaic.current == 1
    out = tmp_path / "out"
    out.mkdir()
    page.capsule.view.target.choose(out)
    qtbot.mouseClick(page.capsule.view.write, Qt.MouseButton.LeftButton)
    file = out / "nord.safetensors"
    qtbot.waitUntil(lambda: "is written to" in page._frame.notice.text(), timeout=PATIENCE_MS)
    parameters = safetensors.numpy.load_file(file)
    assert sum(array.size for array in parameters.values()) == page.capsule._summary["parameters"]
    folders = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: folders.append(url.toLocalFile()))
    page._frame.notice.action().click()
    assert folders == [str(out)]


@pytest.mark.slow
def test_another_file_of_that_name_is_not_replaced(make_page, capsule, tmp_path, qtbot):
    page = make_page(WAYS[0])
    opened(page, capsule, qtbot)
    (tmp_path / "nord.safetensors").write_text("something else")
    page.capsule.view.target.choose(tmp_path)
    page.capsule.write()
    qtbot.waitUntil(lambda: page._frame.notice.kind == "error", timeout=PATIENCE_MS)
    assert "is there already, with other content" in page._frame.notice.text()
    assert (tmp_path / "nord.safetensors").read_text() == "something else"
    assert page.capsule.file == capsule, "what was opened stays"


def turned(content: bytes) -> bytes:
    """The same file with its steps in another order."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    order = json.loads(header["__metadata__"]["capsule"])["recipe"]["order"]
    other = order[1:] + order[:1]
    assert other != order
    return content.replace(json.dumps(order).encode(), json.dumps(other).encode())


WRONG = {
    "reordered": (turned, "step list, whose order counts"),
    "cut off": (lambda content: content[:-1], "damaged"),
    "empty": (lambda content: b"", "cut off"),
    "an image": (lambda content: b"\x89PNG\r\n\x1a\n" + bytes(64), "This is no capsule"),
    "one bit": (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "was changed"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", WRONG)
def test_a_damaged_capsule_is_refused_with_its_sentence_and_stays_as_it_is(
    kind, make_page, content, tmp_path, qtbot
):
    damage, sentence = WRONG[kind]
    path = tmp_path / "wrong.capsule"
    path.write_bytes(damage(content))
    page = make_page(WAYS[0])
    opened(page, path, qtbot)
    assert sentence in refused(page)
    assert path.read_bytes() == damage(content)
    assert sorted(tmp_path.iterdir()) == [path], "nothing was written"


@pytest.mark.slow
def test_another_network_is_refused_and_rounding_is_named(make_page, tmp_path, qtbot):
    path = tmp_path / "other.capsule"
    path.write_bytes(packed(digest="0" * 64, answers=np.full((2, 3), 1 / 3, np.float32)))
    page = make_page(WAYS[0])
    opened(page, path, qtbot)
    assert "Another network came out" in refused(page)
    path.write_bytes(packed(digest="0" * 64))
    opened(page, path, qtbot)
    assert "up to rounding" in page.capsule.view.facts["same"].text()


def test_a_capsule_can_be_dropped_whatever_the_case_of_its_name(
    make_page, start_fake, tmp_path, qtbot
):
    page = make_page(start_fake)
    path = tmp_path / "NORD.CAPSULE"
    path.write_bytes(b"x")
    start_fake.scripts["capsule-open"] = [
        Progress(phase="rebuilding the network", done=0, total=1),
        BundleError("It is cut off.", "Ask again."),
    ]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)  # fmt: skip
    page.dropEvent(event)
    qtbot.waitUntil(lambda: page._frame.notice.kind == "error")
    [(name, config)] = start_fake.asked
    assert (name, config.capsule, config.out) == ("capsule-open", path, None)
    assert refused(page) == "Error: It is cut off. Ask again."


def test_a_file_that_changed_after_its_check_is_not_shown(
    make_page, start_fake, content, tmp_path, qtbot
):
    page = make_page(start_fake)
    path = tmp_path / "x.capsule"
    path.write_bytes(content[:-1])
    start_fake.scripts["capsule-open"] = [Finished(summary={})]
    opened(page, path, qtbot)
    assert "damaged" in refused(page)


def test_a_bundle_takes_the_place_of_a_capsule_and_gives_it_back(
    make_page, start_fake, content, synthetic, tmp_path, qtbot
):
    page = make_page(start_fake)
    summary = {"bytes": 1, "share": 0.1, "network_bytes": 10, "network": "convnet", "parameters": 2, "images": 1,
               "steps": 3, "delta": 0.4, "statistics": "of the synthetic images", "sha256": "0", "same_bits": True}  # fmt: skip
    start_fake.scripts["capsule-open"] = [Finished(summary=summary)]
    start_fake.scripts["verify"] = [Finished(summary={})]
    small, large = tmp_path / "a.capsule", tmp_path / "a.distilled.zip"
    small.write_bytes(content)
    papers = writer.Papers(title="T", contact="", licence="", evaluation=None, audit=None)
    large.write_bytes(writer.pack(synthetic, papers))
    opened(page, small, qtbot)
    assert page._another.isVisible()
    assert not page._frame.primary.isVisible(), "there is nothing to train on"
    page.open_path(large)
    qtbot.waitUntil(lambda: page.bundle is not None, timeout=10_000)
    assert page.capsule.file is None
    assert page._frame.primary.isVisible()
    opened(page, small, qtbot)
    assert page.bundle is None
    assert page._stack.currentWidget() is page._shown_capsule
