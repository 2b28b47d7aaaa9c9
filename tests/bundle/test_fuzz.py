"""A few thousand of the changes that `python -m benchmarks.bundle_fuzz` makes by the hundred thousand."""

import random

import pytest

from benchmarks import bundle_fuzz


@pytest.mark.slow
def test_single_flipped_bits_are_all_found(bundle):
    assert bundle_fuzz.flips(bundle, 2000, random.Random()) == 2000  # noqa: S311 - not for secrets


@pytest.mark.slow
def test_mutants_are_refused_with_a_sentence_or_say_the_same(
    bundle, payload, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    table = bundle_fuzz.mutants(bundle, payload, 2000, random.Random())  # noqa: S311 - not for secrets
    assert sum(table.values()) == 2000
    assert not list(tmp_path.iterdir())
    for (kind, what), count in table.items():
        assert what != "accepted" or kind.endswith("mended"), (kind, count)
    assert sum(count for (_, what), count in table.items() if what == "refused") > 1000
