"""A capsule comes back as it went, and nothing in it can be changed unnoticed: not even the order of its steps."""

import json
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy

from benchmarks.bundle_sample import prescribed_set
from meddistill_gui.bundle import capsule as capsules
from meddistill_gui.bundle.capsule import Capsule
from meddistill_gui.core.distilled import ANY_START
from meddistill_gui.core.errors import BundleError


def made(**other: object) -> Capsule:
    distilled = prescribed_set(order=((0,), (1,), (0,), (1,)))
    values = {
        "distilled": distilled,
        "parameters": 100,
        "digest": "0" * 64,
        "answers": distilled.labels,
        "delta": 0.4,
        **other,
    }
    return Capsule(**values)


def changed(content: bytes, change) -> bytes:
    """The file with its JSON changed and everything else as it was."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    said = json.loads(header["__metadata__"]["capsule"])
    change(said)
    tensors = safetensors.numpy.load(content)
    return safetensors.numpy.save(tensors, metadata={"capsule": json.dumps(said, sort_keys=True)})


@pytest.mark.parametrize("statistics", [None, np.arange(6, dtype=np.float16)])
def test_comes_back_bit_for_bit(statistics):
    sent = made(statistics=statistics, patients=0 if statistics is None else 1000)
    content = capsules.to_bytes(sent)
    found = capsules.from_bytes(content)
    assert capsules.to_bytes(found) == content
    assert found.distilled.recipe == sent.distilled.recipe
    assert np.array_equal(found.distilled.images, sent.distilled.images)
    assert (found.digest, found.parameters, found.delta) == ("0" * 64, 100, 0.4)


def test_a_raw_label_comes_back_and_no_other_one_passes():
    sent = made()
    labels = np.array([[1.9, -0.6, -0.5], [-0.7, 1.8, 1.1]], np.float32)
    content = capsules.to_bytes(replace(sent, distilled=replace(sent.distilled, labels=labels)))
    assert np.array_equal(capsules.from_bytes(content).distilled.labels, labels)
    other = content.replace(labels.tobytes(), (labels + np.float32([[0, 0, 0.01], [0, 0, 0]])).tobytes())  # fmt: skip
    assert other != content
    with pytest.raises(BundleError, match="was changed"):
        capsules.from_bytes(other)


def test_steps_in_another_order_are_refused():
    content = capsules.to_bytes(made())
    other = changed(content, lambda said: said["recipe"]["order"].reverse())
    with pytest.raises(BundleError, match="step list, whose order counts"):
        capsules.from_bytes(other)


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said["recipe"].update(start=8),
        lambda said: said.update(delta=0.5),
        lambda said: said.update(digest="1" * 64),
        lambda said: said.update(parameters=101),
    ],
)
def test_any_other_change_is_refused_too(change):
    with pytest.raises(BundleError, match="was changed"):
        capsules.from_bytes(changed(capsules.to_bytes(made()), change))


def test_flipped_bits_are_refused():
    content = capsules.to_bytes(made())
    random = np.random.default_rng(0)
    for place in random.integers(0, len(content), 60):
        broken = bytearray(content)
        broken[place] ^= 1 << int(random.integers(8))
        with pytest.raises(BundleError):
            capsules.from_bytes(bytes(broken))


@pytest.mark.parametrize("keep", [0, 7, 8, 100, -1])
def test_cut_files_are_refused(keep):
    with pytest.raises(BundleError):
        capsules.from_bytes(capsules.to_bytes(made())[:keep])


def test_an_unknown_field_is_refused():
    content = capsules.to_bytes(made())
    with pytest.raises(BundleError, match="another version"):
        capsules.from_bytes(changed(content, lambda said: said.update(patient="somebody")))
    with pytest.raises(BundleError, match="does not know"):
        capsules.from_bytes(changed(content, lambda said: said["recipe"].update(patient="x")))


@pytest.mark.parametrize("other", [{"start": ANY_START}, {"order": ()}])
def test_a_set_without_start_or_order_is_no_capsule(other):
    sent = made()
    recipe = replace(sent.distilled.recipe, **other)
    with pytest.raises(BundleError, match="prescribes no start"):
        capsules.to_bytes(replace(sent, distilled=replace(sent.distilled, recipe=recipe)))


def test_batch_statistics_of_few_patients_do_not_travel():
    with pytest.raises(BundleError, match="999 patients would say too much"):
        capsules.to_bytes(made(statistics=np.zeros(4, np.float16), patients=999))


def test_a_missing_or_large_file_is_named(tmp_path, monkeypatch):
    with pytest.raises(BundleError, match="cannot be read"):
        capsules.read(tmp_path / "no.capsule")
    path = tmp_path / "x.capsule"
    path.write_bytes(capsules.to_bytes(made()))
    assert capsules.read(path)[1] == path.stat().st_size
    monkeypatch.setattr(capsules, "MAX_BYTES", 10)
    with pytest.raises(BundleError, match="too many"):
        capsules.read(path)
