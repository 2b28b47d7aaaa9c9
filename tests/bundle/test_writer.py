import dataclasses
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image

from benchmarks.bundle_sample import make_audit, make_evaluation, make_papers, make_set
from meddistill_gui.bundle import writer
from meddistill_gui.bundle.format import ROOT
from meddistill_gui.core.distilled import Recipe, displayed
from meddistill_gui.core.errors import BundleError
from meddistill_gui.core.paths import resources
from meddistill_gui.core.words import FORBIDDEN, LIMITS


def files_in(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_zip_is_in_its_one_form(bundle):
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        infos = archive.infolist()
    assert [i.filename for i in infos] == sorted(i.filename for i in infos)
    assert {i.date_time for i in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {i.external_attr >> 16 for i in infos} == {0o100644}
    assert {(i.compress_type, i.extra, i.comment) for i in infos} == {(0, b"", b"")}
    assert all(i.filename.startswith(ROOT) for i in infos)


UNZIP, SHA256SUM = shutil.which("unzip"), shutil.which("sha256sum")


@pytest.mark.skipif(not (UNZIP and SHA256SUM), reason="Info-ZIP or coreutils are not installed")
def test_unzip_and_sha256sum_accept_it(bundle, tmp_path):
    (tmp_path / "b.zip").write_bytes(bundle)
    subprocess.run([UNZIP, "-q", "b.zip"], cwd=tmp_path, check=True)
    manifests = ["manifest-sha256.txt", "tagmanifest-sha256.txt"]
    done = subprocess.run(
        [SHA256SUM, "--strict", "-c", *manifests],
        cwd=tmp_path / ROOT,
        capture_output=True,
        check=True,
    )
    assert done.stdout.count(b": OK\n") == len(files_in(bundle)) - 1  # the tag manifest itself


def test_the_same_set_gives_the_same_bytes_in_another_process(bundle):
    code = (
        "import sys, hashlib; from benchmarks.bundle_sample import *; from meddistill_gui.bundle import writer;"
        "print(hashlib.sha256(writer.pack(make_set(), make_papers())).hexdigest())"
    )
    environment = os.environ | {"PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo", "USER": "somebody"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == hashlib.sha256(bundle).hexdigest()


@pytest.mark.parametrize("channels", [1, 3])
def test_pngs_show_the_images_and_hold_nothing_else(channels):
    distilled = make_set(channels=channels, per_class=2)
    files = writer.payload(distilled, make_papers())
    names = writer.image_names(distilled)
    assert names[0] == "data/images/0-normal/0.png"
    assert names[-1] == "data/images/3-ete-unterstitial/7.png"
    for name, expected in zip(names, displayed(distilled.images), strict=True):
        with Image.open(io.BytesIO(files[name])) as image:
            assert not image.info
            assert np.array_equal(np.asarray(image), expected)


def test_arrays_have_the_shape_of_medmnist():
    distilled = make_set(channels=3, per_class=2)
    content = writer.payload(distilled, make_papers())["data/distilled.npz"]
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        assert set(arrays) == {
            f"{s}_{w}" for s in ("train", "val", "test") for w in ("images", "labels")
        }
        assert np.array_equal(arrays["train_images"], displayed(distilled.images))
        assert arrays["train_labels"].tolist() == [[0], [0], [1], [1], [2], [2], [3], [3]]
        assert arrays["test_images"].shape == (0, 16, 16, 3)
        assert arrays["test_labels"].shape == (0, 1)
        assert {array.dtype for array in arrays.values()} == {np.dtype(np.uint8)}


def test_tensors_are_exact(distilled, payload):
    tensors = safetensors.numpy.load(payload["data/distilled.safetensors"])
    for name, values in tensors.items():
        assert values.tobytes() == getattr(distilled, name).tobytes()


def test_nothing_is_a_pickle(bundle):
    for name, content in files_in(bundle).items():
        assert not content.startswith((b"\x80\x02", b"\x80\x04", b"\x80\x05")), name
        assert b"numpy\n" not in content, name


def test_what_must_stay_at_home_stays(payload):
    utility = json.loads(payload["data/utility.json"])
    text = payload["data/utility.json"].decode() + payload["data/report.html"].decode()
    for kept in ("1234", "1,234", "157", "12.3", "confusion", "values", "0.71234567"):
        assert kept not in text
    assert utility["test_images"] == 160
    assert utility["test_patients"] == 10
    assert [row["training_images"] for row in utility["rows"]] == [4, 4, 1230]
    assert utility["rows"][0]["accuracy"] == {"mean": 0.9, "sd": None, "low": None, "high": None}


def paths_of(tree, path=()):
    """Every mapping in a tree of mappings and lists."""
    if isinstance(tree, dict):
        yield path
        for key, value in tree.items():
            yield from paths_of(value, (*path, key))
    elif isinstance(tree, list) and tree and isinstance(tree[0], dict):
        yield from paths_of(tree[0], (*path, 0))


def with_stranger(tree, path):
    tree = json.loads(json.dumps(tree))
    inner = tree
    for key in path:
        inner = inner[key]
    inner["patient_name"] = "DOE^JANE"
    return tree


@pytest.mark.parametrize("path", list(paths_of(make_audit())), ids=str)
def test_a_field_the_audit_schema_does_not_know_is_refused(path, distilled):
    papers = make_papers(audit=with_stranger(make_audit(), path))
    with pytest.raises(BundleError, match="'patient_name' is a field that"):
        writer.pack(distilled, papers)


@pytest.mark.parametrize("path", list(paths_of(make_evaluation())), ids=str)
def test_a_field_the_evaluation_does_not_know_is_refused(path, distilled):
    papers = make_papers(evaluation=with_stranger(make_evaluation(), path))
    with pytest.raises(BundleError, match="patient_name is a field that"):
        writer.pack(distilled, papers)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": "two\nlines"}, "title holds line breaks"),
        ({"contact": "x" * 201}, "contact has 201 characters"),
        ({"licence": "a\u202eb"}, "licence holds line breaks or invisible"),
        ({"audit": {}}, "audit.format is missing"),
        ({"audit": make_audit() | {"verdict": "ALL FINE"}}, "audit.verdict is 'ALL FINE'"),
    ],
)
def test_texts_that_the_schema_does_not_allow_are_refused(change, sentence, distilled):
    with pytest.raises(BundleError, match=re.escape(sentence)):
        writer.pack(distilled, make_papers(**change))


def test_more_images_than_receivers_open_are_refused(distilled, monkeypatch):
    monkeypatch.setattr(writer, "MAX_IMAGES", 3)
    with pytest.raises(BundleError, match="at most 3"):
        writer.pack(distilled, make_papers())


def test_the_recipe_schema_lists_exactly_the_recipes_fields():
    schema = json.loads((resources() / "bundle/schemas/recipe.schema.json").read_text("utf-8"))
    fields = {field.name for field in dataclasses.fields(Recipe)} | {"format"}
    assert set(schema["properties"]) == fields
    # those that say nothing are left out, so that bundles of earlier versions stay readable
    assert set(schema["required"]) == fields - {"norm", "start", "order"}


@pytest.mark.parametrize("papers", [make_papers(), make_papers(title="", contact="", licence="", evaluation=None, audit=None)])  # fmt: skip
def test_no_text_claims_what_tests_cannot_show(papers):
    for name, content in writer.payload(make_set(), papers).items():
        if name.endswith((".html", ".txt", ".md", ".json", ".py")):
            text = content.decode().replace(LIMITS, "").lower()
            for word in FORBIDDEN:
                assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text), (name, word)


def test_the_report_escapes_what_was_typed():
    papers = make_papers(title="<script>alert(1)</script>")
    html = writer.payload(make_set(), papers)["data/report.html"].decode()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
