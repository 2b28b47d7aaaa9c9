"""Bundles in the hands of other people's programs: each test is skipped where the program is not installed."""

import io
import json
import logging
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks.bundle_sample import make_papers, make_set
from meddistill_gui.bundle import writer
from meddistill_gui.bundle.format import ROOT
from meddistill_gui.core.distilled import displayed
from meddistill_gui.core.paths import resources


@pytest.fixture
def unpacked(tmp_path) -> Path:
    """A bundle of 12 images, unpacked by Python's zip library."""
    content = writer.pack(make_set(per_class=3), make_papers())
    with zipfile.ZipFile(io.BytesIO(content)) as zipped:
        zipped.extractall(tmp_path)
    return tmp_path / ROOT


def test_bagit_validates_it(unpacked):
    bagit = pytest.importorskip("bagit")
    bag = bagit.Bag(str(unpacked))
    assert bag.validate()
    assert bag.info["Distilled-Set-Format"] == "1"
    assert not [name for name in bag.payload_files() if name not in bag.entries]


def test_the_bagit_script_validates_it(unpacked):
    pytest.importorskip("bagit")
    command = [sys.executable, "-m", "bagit", "--validate", unpacked]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "is valid" in done.stderr
    (unpacked / "data" / "TERMS.txt").write_text("Do as you like.")
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("name", ["card", "recipe", "utility", "audit"])
def test_jsonschema_validates_what_is_in_it(unpacked, name):
    jsonschema = pytest.importorskip("jsonschema")
    rules = json.loads((resources() / "bundle" / "schemas" / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(rules)
    value = json.loads((unpacked / "data" / f"{name}.json").read_text())
    jsonschema.validate(value, rules, jsonschema.Draft202012Validator)
    with pytest.raises(jsonschema.ValidationError, match="Additional properties"):
        jsonschema.validate({**value, "patient": "x"}, rules)


def test_bagit_finds_a_changed_byte(unpacked):
    bagit = pytest.importorskip("bagit")
    path = unpacked / "data" / "recipe.json"
    path.write_bytes(path.read_bytes().replace(b"20", b"21"))
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(unpacked)).validate()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of rdflib and pandas, which are not ours
def test_mlcroissant_validates_it_and_loads_the_records(unpacked, caplog):
    croissant = pytest.importorskip("mlcroissant")
    with caplog.at_level(logging.WARNING):
        dataset = croissant.Dataset(jsonld=str(unpacked / "data" / "croissant.json"))
    assert not dataset.metadata.ctx.issues.errors
    assert "not standard" not in caplog.text
    records = list(dataset.records("images"))
    assert sorted(record["images/label"] for record in records) == [
        0,
        0,
        0,
        1,
        1,
        1,
        2,
        2,
        2,
        3,
        3,
        3,
    ]
    shown = {image.tobytes() for image in displayed(make_set(per_class=3).images)}
    assert {
        np.asarray(record["images/image"].convert("L")).tobytes() for record in records
    } == shown
    names = {
        record["classes/label"]: record["classes/name"] for record in dataset.records("classes")
    }
    assert names[1] in ("Focal opacity", b"Focal opacity")


def test_the_croissant_checksums_are_those_of_the_files(unpacked):
    import hashlib

    described = json.loads((unpacked / "data" / "croissant.json").read_text("utf-8"))
    files = [one for one in described["distribution"] if one["@type"] == "cr:FileObject"]
    assert len(files) == 3
    for one in files:
        content = (unpacked / "data" / one["contentUrl"]).read_bytes()
        assert one["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of its own dependencies
def test_medmnists_loader_reads_the_arrays(unpacked):
    medmnist = pytest.importorskip("medmnist")
    from medmnist.dataset import MedMNIST2D

    class Ours(MedMNIST2D):
        flag = "distilled"

    source = {"python_class": "Ours", "description": "x", "url": "", "MD5": "", "task": "multi-class",
              "label": {str(k): str(k) for k in range(4)}, "n_channels": 1,
              "n_samples": {"train": 12, "val": 0, "test": 0}, "license": ""}  # fmt: skip
    medmnist.INFO["distilled"] = source
    loaded = Ours(split="train", root=str(unpacked / "data"), download=False)
    assert len(loaded) == 12
    image, label = loaded[5]
    assert label.tolist() == [1]
    assert np.array_equal(
        np.asarray(image.convert("L")), displayed(make_set(per_class=3).images)[5]
    )
    assert len(Ours(split="test", root=str(unpacked / "data"), download=False)) == 0
