from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QInputDialog

from meddistill_gui.bundle import writer
from meddistill_gui.bundle.keys import PublicKey, public_of
from meddistill_gui.bundle.senders import known
from meddistill_gui.bundle.signing import sign
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.events import Finished, Metric, Progress, Started
from meddistill_gui.gui.pages.receive.page import ReceivePage
from meddistill_gui.gui.pages.receive.recipe_words import recipe_in_words
from meddistill_gui.gui.pages.receive.training_view import STUDENT_LOSS


@pytest.fixture
def page(session, start_fake, qtbot):
    made = ReceivePage(session, start_fake)
    qtbot.addWidget(made)
    made.resize(1100, 760)
    made.show()
    start_fake.scripts["verify"] = [
        Started(operation="verify"),
        Finished(summary={"text": "whole"}),
    ]
    yield made
    made._reading.close()


@pytest.fixture
def bundle(tmp_path, synthetic, evaluation) -> Path:
    papers = writer.Papers(
        title="Three findings", contact="", licence="CC-BY-4.0", evaluation=evaluation, audit=None
    )
    path = tmp_path / "three.distilled.zip"
    path.write_bytes(writer.pack(synthetic, papers))
    return path


def opened(page, path, qtbot):
    page.open_path(path)
    qtbot.waitUntil(
        lambda: page.bundle is not None or page._frame.notice.kind == "error", timeout=10_000
    )


def test_a_whole_bundle_is_checked_then_shown(page, bundle, start_fake, qtbot):
    opened(page, bundle, qtbot)
    assert start_fake.asked[0][1].bundle == bundle
    assert "whole and unchanged" in page._frame.notice.text()
    mosaic = page._view.mosaic
    picture = mosaic.grab().toImage()
    for index in range(6):
        assert picture.pixelColor(mosaic.tile_rect(index).center().toPoint()).red() == 10 * index
    facts = page._view._facts
    assert facts["title"].text() == "Three findings"
    assert facts["licence"].text() == "CC-BY-4.0"
    assert facts["contact"].text() == "not given"
    assert facts["sha256"].text().replace(" ", "") == page.bundle.sha256
    assert page._view.evaluation.item(0, 1).text() == "0.683\n0.643 to 0.723"


def test_nothing_is_shown_of_a_bundle_that_the_check_refuses(page, bundle, start_fake, qtbot):
    start_fake.scripts["verify"] = [BundleError("One bit is flipped.", "Copy it again.")]
    opened(page, bundle, qtbot)
    assert page.bundle is None
    assert page._stack.currentWidget() is page._empty
    assert page._frame.notice.text() == "Error: One bit is flipped. Copy it again."
    assert page._view.mosaic.current == -1
    assert not page._frame.primary.isVisible()


def test_one_flipped_bit_after_the_check_is_found_too(page, bundle, qtbot):
    content = bytearray(bundle.read_bytes())
    content[len(content) // 2] ^= 1
    bundle.write_bytes(bytes(content))
    opened(page, bundle, qtbot)
    assert page.bundle is None
    assert page._frame.notice.kind == "error"


def test_a_second_bundle_that_is_damaged_takes_the_first_away(page, bundle, start_fake, qtbot):
    opened(page, bundle, qtbot)
    start_fake.scripts["verify"] = [BundleError("It is damaged.", "Ask again.")]
    opened(page, bundle, qtbot)
    assert page.bundle is None
    assert page._stack.currentWidget() is page._empty


def test_a_bundle_can_be_dropped(page, bundle, qtbot):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(bundle))])
    event = QDropEvent(
        QPointF(10, 10),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    page.dropEvent(event)
    qtbot.waitUntil(lambda: page.bundle is not None, timeout=10_000)


def test_students_are_trained_with_a_live_curve_and_tested_on_own_images(
    page, bundle, start_fake, qtbot, tmp_path
):
    opened(page, bundle, qtbot)
    row = {"sensitivity": 0.5, "specificity": 0.75, "auroc": None}
    test = {
        "balanced_accuracy": 0.61,
        "auroc": 0.7,
        "per_class": [{"class": name, **row} for name in ("focal", "normal", "opaque")],
    }
    start_fake.scripts["receive"] = [
        Progress(phase="training students", done=0, total=2, unit="students"),
        Metric(name=STUDENT_LOSS, step=1, value=0.9),
        Finished(summary={"text": "6 images and 2 trained students.", "tests": [test, test]}),
    ]
    page._training.form.field("out").show_value(tmp_path / "out")
    with qtbot.waitSignal(page._work.finished):
        qtbot.mouseClick(page._frame.primary, Qt.MouseButton.LeftButton)
    name, config = start_fake.asked[-1]
    assert (name, config.bundle, config.out) == ("receive", bundle, tmp_path / "out")
    assert page._training.curve.series[STUDENT_LOSS].last() == (1.0, 0.9)
    table = page._training.results.figures
    texts = [[table.item(r, c).text() for c in range(5)] for r in range(5)]
    assert texts[0][:4] == ["focal", "0.500", "0.750", "–"]
    assert texts[3] == ["All classes (balanced)", "0.610", "", "", "0.700"]


def test_the_open_project_is_offered_as_test(page, session, hospital, bundle, qtbot):
    hospital.run()
    session.open_project(hospital.project.root)
    opened(page, bundle, qtbot)
    assert page._training.form.config().project == hospital.project.root


def test_the_recipe_in_words(synthetic):
    words = " ".join(recipe_in_words(synthetic.recipe, 6, [float(np.float32(0.02))]))
    for expected in (
        "6 grey images of 8 x 8 pixels",
        "trajectory matching",
        "from noise",
        "rate of 0.02",
    ):
        assert expected in words


@pytest.fixture
def signed(bundle) -> tuple[Path, PublicKey]:
    key = Ed25519PrivateKey.generate()
    bundle.write_bytes(sign(bundle.read_bytes(), key))
    return bundle, public_of(key)


def test_an_unsigned_bundle_says_so(page, bundle, qtbot):
    opened(page, bundle, qtbot)
    assert page._view._facts["signer"].text().startswith("not signed")
    assert not page._remember.isVisible()


def test_an_unknown_sender_is_compared_on_the_telephone_and_then_known(
    page, signed, qtbot, monkeypatch
):
    path, key = signed
    opened(page, path, qtbot)
    assert key.words in page._view._facts["signer"].text()
    assert key.fingerprint in page._view._facts["signer"].text()
    monkeypatch.setattr(QInputDialog, "getText", lambda *_a, **_k: ("St. Anna Radiology", True))
    qtbot.mouseClick(page._remember, Qt.MouseButton.LeftButton)
    assert page._view._facts["signer"].text() == "by St. Anna Radiology, whose key you know"
    assert not page._remember.isVisible()
    assert known() == {key: "St. Anna Radiology"}


def test_a_name_that_cannot_be_used_is_said(page, signed, qtbot, monkeypatch):
    opened(page, signed[0], qtbot)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_a, **_k: ("  ", True))
    page._remember.click()
    assert page._frame.notice.kind == "error"
    assert known() == {}
