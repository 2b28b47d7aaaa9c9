from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from meddistill_gui.audit import statistics
from meddistill_gui.audit.examination import PHASES, examine
from meddistill_gui.audit.planted import KINDS, OWN_TEXTURE
from meddistill_gui.core.configs.audit import AuditConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import Stopped
from meddistill_gui.core.events import Progress
from meddistill_gui.core.ledger import Ledger
from meddistill_gui.core.words import LIMITS, Verdict

pytestmark = pytest.mark.slow

FINDS = (
    "exact",
    "noise 0.05",
    "flip",
    "rotate 5 degrees",
    "gamma 0.6",
    "contrast",
    "inversion",
    "texture 0.3",
)


def floats(images):
    return images.astype(np.float32) / 255


def failed(report):
    return {check["name"] for check in report["preconditions"] if not check["passed"]}


@pytest.fixture(scope="module")
def copies(train, holdout, audited):
    return audited(floats(train.images[:40]), train, holdout)


@pytest.fixture(scope="module")
def clean(train, holdout, strangers, audited):
    return audited(strangers[:10], train, holdout)


def test_exact_copies_are_found_with_their_patients(copies, train):
    assert copies["verdict"] == Verdict.LEAK_FOUND
    assert len(copies["images"]) == 40
    smallest = copies["calibration"]["smallest_p"]
    for index, image in enumerate(copies["images"]):
        assert image["flagged"]
        assert image["exact"]
        assert image["p_a"] == smallest == image["p_b"]
        first = image["nearest_train"][0]
        assert first["distance"] == 0
        assert first["patient"] == image["found_a"]["patient"] == train.patients[index]


def test_the_usual_planted_leaks_are_found(copies):
    rows = {row["kind"]: row for row in copies["planted"]}
    assert set(rows) == {*KINDS, OWN_TEXTURE}
    for kind in FINDS:
        assert rows[kind]["found"] >= 0.95 * rows[kind]["planted"], kind
        assert rows[kind]["right_patient"] == rows[kind]["found"], kind


def test_new_patients_are_no_leak(clean):
    """Ten patients against sixty: P(three or more flags) is below 0.3 %, per score."""
    assert sum(image["flagged"] for image in clean["images"]) <= 2
    assert not any(image["confirmed"] for image in clean["images"])
    assert clean["verdict"] == Verdict.NO_LEAK_FOUND
    assert "No copy found" in clean["reasons"][0]


def test_p_values_of_new_patients_are_uniform(train, holdout, make_hospital, audited):
    new = floats(make_hospital(60, seed=9).images)
    report = audited(new, train, holdout, planted=2)
    for name in ("p_a", "p_b"):
        p = np.sort([image[name] for image in report["images"]])
        distance = np.abs(p - np.arange(1, 61) / 60).max()
        assert distance < 1.63 * np.sqrt(1 / 60 + 1 / 60), (
            name
        )  # two-sample Kolmogorov-Smirnov at 1 %
        smallest = report["calibration"]["smallest_p"]
        flags = int((p <= smallest).sum())
        assert statistics.chance_of_flags(flags, 60, round(1 / smallest) - 1) > 0.01


def test_one_copy_among_strangers_is_named(train, holdout, strangers, audited):
    images = strangers.copy()
    images[17] = floats(train.images[5])[..., ::-1]
    report = audited(images, train, holdout)
    assert report["verdict"] == Verdict.LEAK_FOUND
    assert report["images"][17]["confirmed"]
    assert report["images"][17]["found_b"]["patient"] == train.patients[5]
    assert report["images"][17]["found_b"]["view"] == {
        "mirrored": True,
        "scale": 1.0,
        "shift": [0.0, 0.0],
        "degrees": 0.0,
        "inverted": False,
    }
    assert any("Synthetic image 18 is traceable" in reason for reason in report["reasons"])


def test_one_copy_moves_neither_the_index_nor_the_three_sample_test(
    train, holdout, make_hospital, audited
):
    """Vector 4: 199 strangers and a copy. The search names it; M2 and M3 are blind to it, which is why they decide nothing."""
    strangers = floats(make_hospital(200, seed=33).images)
    leaky = strangers.copy()
    leaky[61] = floats(train.images[5])
    clean, found = (audited(images, train, holdout, planted=2) for images in (strangers, leaky))
    assert found["verdict"] == Verdict.LEAK_FOUND
    assert any("image 62 " in reason for reason in found["reasons"])
    assert found["images"][61]["found_a"]["patient"] == train.patients[5]
    assert found["closeness"]["value"] == pytest.approx(clean["closeness"]["value"], abs=0.03)
    assert found["closeness"]["p"] > 0.05 or clean["closeness"]["p"] < 0.05
    assert found["three_sample"]["z"] == pytest.approx(clean["three_sample"]["z"], abs=0.4)


def test_a_negative_is_named_as_one(train, holdout, strangers, audited):
    images = strangers[:6].copy()
    images[3] = 1 - floats(train.images[5])
    found = audited(images, train, holdout)["images"][3]["found_b"]
    assert found["patient"] == train.patients[5]
    assert found["view"]["inverted"]
    assert found["way"] == "negative, as it is"


def test_a_copy_in_the_numbers_beside_the_pictures_is_found(train, holdout, strangers, audited):
    """The picture is clipped to 0..1; the numbers that travel beside it are not, and may hold what it hides."""
    images = strangers[:6].copy()
    images[2] = 1.2 + 0.1 * floats(train.images[8])  # a white square, as a picture
    report = audited(images, train, holdout)
    assert report["images"][2]["flagged"]
    assert report["images"][2]["found_a"]["patient"] == train.patients[8]


def test_a_patient_under_strong_texture_is_found(make_hospital, audited):
    """Distances pass this set; the ranking names the patients (the regression test of the whole idea)."""
    train, holdout = (
        make_hospital(150, side=32, seed=11),
        make_hospital(120, side=32, seed=12, first=9000),
    )
    random = np.random.default_rng(0)
    rough = random.normal(size=(12, 1, 32, 32))
    rough -= (
        np.roll(rough, 1, 2) + np.roll(rough, -1, 2) + np.roll(rough, 1, 3) + np.roll(rough, -1, 3)
    ) / 4
    images = floats(train.images[:12]) + 0.6 * rough / rough.std()
    report = audited(images, train, holdout, planted=4, initialisation="real")
    assert report["off_manifold"]
    right = [image["found_a"]["patient"] == index for index, image in enumerate(report["images"])]
    assert np.mean(right) >= 0.88
    assert report["verdict"] == Verdict.LEAK_FOUND


def test_the_ledger_confirms_what_the_scores_name(train, holdout, make_set, run_to_end):
    """Real start, no iteration: every starting patient is recovered."""
    made = make_set(floats(train.images[:10]), train, initialisation="real")
    ledger = Ledger(
        started_from=tuple(map(int, train.ids[:10])),
        training=tuple(map(int, train.ids)),
        validation=(),
    )
    config = AuditConfig(run=Path(), planted=2)
    report = run_to_end(examine(made, train, holdout, config, Control(), ledger))
    assert report["recovery"]["recovered"] == report["recovery"]["started"] == 10
    assert report["verdict"] == Verdict.LEAK_FOUND
    assert any("10 of 10 cases" in reason for reason in report["reasons"])


def test_a_ledger_of_noise_needs_no_recovery(train, holdout, strangers, make_set, run_to_end):
    config = AuditConfig(run=Path(), planted=2)
    ledger = Ledger(started_from=(None,) * 3, training=tuple(map(int, train.ids)), validation=())
    steps = examine(make_set(strangers[:3], train), train, holdout, config, Control(), ledger)
    assert run_to_end(steps)["recovery"]["sentence"].startswith("Not applicable")


def test_every_kind_is_found_where_patients_are_unlike(make_hospital, audited):
    """Fifty-nine of each kind at 32 x 32; the first run found all of all. Real patients are more alike: see the benchmark."""
    train, holdout = (
        make_hospital(200, side=32, seed=21),
        make_hospital(120, side=32, seed=22, first=9000),
    )
    strangers = floats(make_hospital(4, side=32, seed=23).images)
    report = audited(strangers, train, holdout, planted=59)
    rows = {row["kind"]: row for row in report["planted"]}
    assert {kind: row["found"] for kind, row in rows.items() if row["found"] < 57} == {}
    named = {kind for kind, row in rows.items() if row["right_patient"] >= 57}
    assert set(rows) - named <= {"blend 50/50", "blend 30/70", "pasted patch"}  # two patients each


def test_noise_alone_is_never_green(train, holdout, audited):
    noise = np.random.default_rng(0).normal(0.5, 0.4, (4, 1, 16, 16))
    report = audited(noise, train, holdout)
    assert report["off_manifold"]
    assert report["verdict"] == Verdict.CANNOT_TELL


def test_forty_noise_images_are_no_leak(train, holdout, audited):
    """Noise stands out oddly often; surrogates with its spectrum say that noise does so."""
    noise = np.random.default_rng(3).normal(0.5, 0.4, (40, 1, 16, 16))
    report = audited(noise, train, holdout, planted=20)
    assert not any(image["confirmed"] for image in report["images"])
    assert sum(image["flagged"] for image in report["images"]) <= 4
    assert report["verdict"] == Verdict.CANNOT_TELL


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5])
def test_images_without_content_are_not_flagged(value, train, holdout, audited):
    report = audited(np.full((4, 1, 16, 16), value), train, holdout, planted=5)
    assert not any(image["flagged"] for image in report["images"])
    assert report["verdict"] != Verdict.LEAK_FOUND


def test_class_means_are_not_flagged(train, holdout, audited):
    pixels = floats(train.images)
    means = np.stack([pixels[train.labels == label].mean(0) for label in (0, 1)] + [pixels.mean(0)])
    report = audited(means, train, holdout, planted=5)
    assert not any(image["flagged"] for image in report["images"])


def test_unknown_patients_cap_the_verdict(train, holdout, strangers, unknown, audited):
    report = audited(strangers[:4], unknown(train), unknown(holdout))
    assert report["verdict"] == Verdict.CANNOT_TELL
    assert failed(report) == {"patients known"}


def test_a_small_holdout_caps_the_verdict(train, make_hospital, strangers, audited):
    report = audited(strangers[:4], train, make_hospital(40, seed=5, first=8000))
    assert report["verdict"] == Verdict.CANNOT_TELL
    assert failed(report) == {"hold-out large enough"}


def test_one_class_caps_the_verdict(train, holdout, strangers, audited):
    single = replace(train, labels=np.zeros_like(train.labels))
    report = audited(strangers[:4], single, holdout)
    assert report["verdict"] == Verdict.CANNOT_TELL
    assert "more than one class" in failed(report)


def test_a_rare_class_caps_the_verdict(train, holdout, strangers, audited):
    rare = replace(train, labels=(np.arange(len(train)) < 10).astype(np.int64))
    report = audited(strangers[:4], rare, holdout)
    assert report["verdict"] == Verdict.CANNOT_TELL
    assert "patients in each class" in failed(report)


def test_a_patient_on_both_sides_stops_it(train, holdout, strangers, audited):
    patients = holdout.patients.copy()
    patients[3] = train.patients[7]
    report = audited(strangers[:4], train, replace(holdout, patients=patients))
    assert report["verdict"] == Verdict.CANNOT_TELL
    assert failed(report) == {"hold-out of other patients"}


def test_a_picture_on_both_sides_is_listed_and_does_not_blunt_the_search(train, holdout, audited):
    pixels = holdout.images.copy()
    pixels[3] = train.images[7]
    pixels[4] = np.minimum(train.images[8], 254) + 1
    report = audited(floats(train.images[:4])[..., ::-1], train, replace(holdout, images=pixels))
    checks = {check["name"]: check for check in report["preconditions"]}
    assert checks["no duplicates"]["pairs"] == [[1007, 6003]]
    assert checks["no near duplicates"]["pairs"] == [[1007, 6003], [1008, 6004]]
    assert checks["no near duplicates"]["sentence"].startswith("2 hold-out images look the same")
    assert all(image["flagged"] for image in report["images"])


def test_two_scanners_fail_the_blind_baseline(train, holdout, strangers, audited):
    other = np.clip(holdout.images.astype(int) * 0.8 + 40, 0, 255).astype(np.uint8)
    report = audited(strangers[:4], train, replace(holdout, images=other))
    assert report["verdict"] == Verdict.CANNOT_TELL
    assert "blind baseline" in failed(report)


def test_images_of_another_source_than_the_run(train, holdout, strangers, make_set, run_to_end):
    made = make_set(strangers[:4], train)
    other = replace(made, recipe=replace(made.recipe, mean=(0.9,)))
    config = AuditConfig(run=Path(), planted=2)
    report = run_to_end(examine(other, train, holdout, config, Control()))
    assert report["verdict"] == Verdict.CANNOT_TELL
    assert "images of this run" in failed(report)


def test_images_of_another_size(train, make_hospital, strangers, audited):
    report = audited(strangers[:4], train, make_hospital(120, side=24, seed=4, first=7000))
    assert report["verdict"] == Verdict.CANNOT_TELL
    assert report["images"] == []
    assert report["limits"] == LIMITS


def test_no_holdout_at_all(train, holdout, strangers, audited):
    empty = replace(
        holdout,
        images=holdout.images[:0],
        labels=holdout.labels[:0],
        patients=holdout.patients[:0],
        ids=holdout.ids[:0],
    )
    report = audited(strangers[:4], train, empty)
    assert report["verdict"] == Verdict.CANNOT_TELL
    assert failed(report) == {"images to compare with"}


def test_a_start_from_real_images_is_never_green(train, holdout, strangers, audited):
    report = audited(strangers[:4], train, holdout, initialisation="real")
    assert report["verdict"] != Verdict.NO_LEAK_FOUND
    assert any("started from real patients" in reason for reason in report["reasons"])


def test_the_same_audit_says_the_same(train, holdout, strangers, audited):
    first, second = (audited(strangers[:4], train, holdout, planted=5, seed=3) for _ in range(2))
    assert first == second


def test_it_reports_progress_and_can_be_stopped(train, holdout, strangers, make_set):
    control = Control()
    config = AuditConfig(run=Path(), planted=5)
    steps = examine(make_set(strangers[:4], train), train, holdout, config, control)
    seen = [next(steps) for _ in range(8)]
    assert all(isinstance(event, Progress) and event.phase in PHASES for event in seen)
    assert all(event.total is not None and event.done <= event.total for event in seen)
    control.request_stop()
    with pytest.raises(Stopped):
        list(steps)
