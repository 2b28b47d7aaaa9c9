import json

import pytest

from meddistill_gui.audit.review_log import Review, add_review, latest, read_reviews
from meddistill_gui.core.errors import ProjectError

SET = "a" * 64


def review(image, decision="accepted", content=SET):
    return Review(
        image=image,
        decision=decision,
        reviewer="Dr Müller",
        reason="Another chest.",
        time="2026-11-21T05:00:00+00:00",
        content=content,
    )


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "reviews.jsonl"
    for image in range(4):
        add_review(path, review(image))
    return path


def test_what_was_decided_is_read_back_in_order(log):
    reviews = read_reviews(log)
    assert [one.image for one in reviews] == [0, 1, 2, 3]
    assert reviews[2].previous == reviews[1].digest


def test_no_log_is_no_decision(tmp_path):
    assert read_reviews(tmp_path / "reviews.jsonl") == ()


@pytest.mark.parametrize(
    "tamper",
    [
        lambda lines: [*lines[:1], lines[1].replace("accepted", "dropped"), *lines[2:]],
        lambda lines: lines[1:],
        lambda lines: [lines[0], lines[2], lines[3]],
        lambda lines: [lines[0], lines[2], lines[1], lines[3]],
        lambda lines: [lines[0], lines[0], *lines[1:]],
        lambda lines: [*lines, "not json"],
        lambda lines: [lines[0].replace('": ', '":  '), *lines[1:]],
        lambda lines: [*lines[:3], lines[3].replace("Müller", "Abe")],
    ],
    ids=[
        "changed",
        "first gone",
        "one gone",
        "exchanged",
        "doubled",
        "rubbish",
        "blanks",
        "last changed",
    ],
)
def test_tampering_is_found_and_nothing_is_added(tamper, log):
    lines = tamper(log.read_text(encoding="utf-8").splitlines())
    log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    before = log.read_bytes()
    with pytest.raises(ProjectError, match="not as it was written"):
        add_review(log, review(9))
    assert log.read_bytes() == before


def test_every_single_changed_letter_is_found(log):
    content = log.read_text(encoding="utf-8")
    for position in range(0, len(content) - 1, 17):
        changed = "x" if content[position] != "x" else "y"
        log.write_text(content[:position] + changed + content[position + 1 :], encoding="utf-8")
        with pytest.raises(ProjectError, match="not as it was written"):
            read_reviews(log)


def test_the_last_word_counts_and_only_for_this_set(log):
    add_review(log, review(1, "leak"))
    add_review(log, review(2, "leak", content="b" * 64))
    decided = latest(read_reviews(log), SET)
    assert decided[1].decision == "leak"
    assert decided[2].decision == "accepted"


@pytest.mark.parametrize("wrong", [{"decision": "fine"}, {"reviewer": " "}, {"reason": ""}])
def test_a_decision_needs_a_name_and_a_reason(wrong, log):
    values = json.loads(log.read_text(encoding="utf-8").splitlines()[0]) | wrong
    del values["digest"]
    with pytest.raises(ValueError, match=r"none of|needs"):
        Review(**values)
