import hashlib
import random

import pytest

from benchmarks.bundle_sample import make_papers, make_set
from meddistill_gui.bundle import archive, content_scan, unfolding, writer
from meddistill_gui.bundle.content_scan import Finding, scan
from meddistill_gui.bundle.plants import PLANTS
from meddistill_gui.core.errors import BundleError

TOKEN = "CANARYÄ4711x"  # noqa: S105 - a planted word


@pytest.mark.parametrize("name", PLANTS)
def test_each_plant_is_found(name):
    content = PLANTS[name](TOKEN)
    assert [finding.token for finding in scan(content, [TOKEN, "somebody else"])] == [TOKEN]


@pytest.mark.parametrize("name", PLANTS)
def test_each_plant_is_found_inside_a_bundle(name):
    content = archive.write_archive({"data/x": PLANTS[name](TOKEN)})
    (finding,) = scan(content, [TOKEN])
    assert finding.where.startswith("bundle > data/x")


def test_a_plain_search_would_miss_most():
    """Why the unfolding is needed at all: the number stands in docs/bundle.md."""
    found = sum(TOKEN.encode() in plant(TOKEN) for plant in PLANTS.values())
    assert found == 5
    assert len(PLANTS) == 37


def test_the_control_finds_all():
    assert content_scan.control() == ()


@pytest.mark.parametrize("wrapping", ["_zip", "_png", "_npy", "_streams", "_encoded", "_escaped"])
def test_the_control_notices_a_scanner_that_lost_a_wrapping(monkeypatch, wrapping):
    rest = tuple(w for w in unfolding._WRAPPINGS if w.__name__ != wrapping)
    assert len(rest) == len(unfolding._WRAPPINGS) - 1
    monkeypatch.setattr(unfolding, "_WRAPPINGS", rest)
    assert content_scan.control()


def test_a_hash_of_a_token_is_not_found():
    """A known miss, said in docs/bundle.md: hashes are kept out by the allow-list and the twin test, not by a search."""
    assert not scan(hashlib.sha256(TOKEN.encode()).hexdigest().encode(), [TOKEN])


def test_short_tokens_are_left_out():
    assert scan(b"M 62 AB", ["M", "62", "AB", "", "    "]) == ()


@pytest.mark.slow
def test_no_false_alarm_in_real_bundles_for_thousands_of_tokens():
    """5,000 invented header values, none of which is in the bundle."""
    source = random.Random(5)  # noqa: S311 - not for secrets
    letters = "ABCDEFGHIJKLMNOPRSTUVWXYZ"
    tokens = {
        "".join(source.choices(letters, k=source.randint(6, 14)))
        + "^"
        + "".join(source.choices(letters, k=5))
        for _ in range(3000)
    }
    tokens |= {f"1.2.826.0.1.{source.randrange(10**12)}" for _ in range(1000)}
    tokens |= {f"{source.randrange(10**8):08d}" for _ in range(1000)}
    content = writer.pack(make_set(channels=3, per_class=10, size=64), make_papers())
    assert scan(content, tokens) == ()


def test_where_it_stands_is_told(bundle):
    (found,) = scan(bundle, ["Chest phantoms"])
    assert found == Finding("Chest phantoms", found.where)
    assert "data/" in found.where


def test_a_bundle_with_a_name_in_it_is_not_sent(bundle):
    content_scan.check(bundle, {"SMITH^JANE", *content_scan.this_machine()})
    with pytest.raises(BundleError, match="'Chest phantoms' in bundle > "):
        content_scan.check(bundle, {"Chest phantoms"})
    content_scan.check(bundle, {"Chest phantoms"}, typed=["Chest phantoms, 2nd edition"])


def test_nothing_is_sent_when_the_search_is_blind(bundle, monkeypatch):
    monkeypatch.setattr(content_scan, "_ENCODINGS", ("utf-8",))
    with pytest.raises(BundleError, match="missed a word planted as"):
        content_scan.check(bundle, {"SMITH^JANE"})
