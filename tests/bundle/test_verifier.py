"""Bundles that must be refused; each is made by doing to a good one what a fault or an attacker would do."""

import io
import json
import re
import stat
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image, PngImagePlugin

from benchmarks.bundle_sample import make_papers, make_set, prescribed_set
from meddistill_gui.bundle import archive, bag, texts, verifier, writer
from meddistill_gui.bundle.format import FORMAT, README, ROOT
from meddistill_gui.core.distilled import ANY_START, to_bytes
from meddistill_gui.core.errors import BundleError

PATH = Path("some.distilled.zip")


def verify(content: bytes) -> verifier.VerifiedBundle:
    return verifier.verify_content(content, PATH)


def packed(payload: dict[str, bytes]) -> bytes:
    """A bundle whose checksums are right, whatever is in it: as an attacker would make it."""
    return archive.write_archive(bag.bagged(payload, (README, texts.readme().encode())))


def test_a_good_bundle_comes_through_unchanged(bundle, distilled, papers, tmp_path):
    path = tmp_path / "a.distilled.zip"
    path.write_bytes(bundle)
    found = verifier.verify(path)
    assert to_bytes(found.distilled) == to_bytes(distilled)
    assert (found.title, found.contact, found.licence) == (
        papers.title,
        papers.contact,
        papers.licence,
    )
    assert found.audit == papers.audit
    rows = found.evaluation["rows"]
    titles = [row["title"] for row in rows]
    assert titles == ["4 synthetic images", "4 random real images", "all real images, about 1,230"]
    assert rows[0]["balanced_accuracy"]["mean"] == 0.7123
    assert np.isnan(rows[0]["accuracy"]["sd"])  # as in evaluation.json: one student has no spread
    assert found.known_script
    assert found.size == len(bundle)
    assert (
        "data/recipe.json",
        len(writer.payload(distilled, papers)["data/recipe.json"]),
    ) in found.members


@pytest.mark.parametrize("channels", [1, 3])
def test_a_bundle_without_papers_is_good_too(channels):
    papers = make_papers(title="", contact="", licence="", evaluation=None, audit=None)
    found = verify(writer.pack(make_set(channels=channels, per_class=3), papers))
    assert found.evaluation is None
    assert found.audit is None
    assert found.title == "12 synthetic images of 4 classes"


def test_soft_labels_and_a_rate_per_step_come_through():
    distilled = make_set(rates=20)
    soft = distilled.labels * 0.7 + 0.075
    distilled = type(distilled)(
        images=distilled.images,
        labels=soft,
        learning_rates=distilled.learning_rates,
        recipe=distilled.recipe,
    )
    found = verify(writer.pack(distilled, make_papers()))
    assert np.array_equal(found.distilled.labels, soft)


@pytest.mark.slow
def test_single_flipped_bits_are_all_found(bundle):
    """A few hundred here; all kinds of bytes are met, because the first and last thousands are all headers and lists."""
    random = np.random.default_rng()
    bits = {int(bit) for bit in random.integers(0, 8 * len(bundle), 300)}
    for bit in bits:
        flipped = bytearray(bundle)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BundleError):
            verify(bytes(flipped))


@pytest.mark.slow
def test_each_bit_of_one_members_headers_matters(bundle):
    """Bytes that no checksum covers: zip headers."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as zipped:
        info = zipped.getinfo(f"{ROOT}bagit.txt")
        begin = info.header_offset
        directory = zipped.start_dir
    places = [*range(begin, begin + 30 + len(info.filename)), *range(directory, directory + 46), *range(len(bundle) - 22, len(bundle))]  # fmt: skip
    for place in places:
        for bit in range(8):
            flipped = bytearray(bundle)
            flipped[place] ^= 1 << bit
            with pytest.raises(BundleError):
                verify(bytes(flipped))


def test_the_sentence_names_the_changed_file(bundle, payload):
    content = payload["data/recipe.json"]
    changed = content.replace(b'"convnet"', b'"konvnet"')
    with pytest.raises(BundleError, match=r"data/recipe.json was changed on the way"):
        verify(bundle.replace(content, changed))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.9, 0.99999])
def test_a_truncated_bundle(bundle, share):
    with pytest.raises(BundleError, match=r"cut off|no bundle"):
        verify(bundle[: int(len(bundle) * share)])


def test_something_appended(bundle):
    with pytest.raises(BundleError, match="appended"):
        verify(bundle + b"\0")


def test_a_newer_format_is_named(payload):
    content = packed(payload)
    line = f"Distilled-Set-Format: {FORMAT}".encode()
    files = {name: bytes(view) for name, view in archive.read_archive(content).items()}
    files[f"{ROOT}bag-info.txt"] = files[f"{ROOT}bag-info.txt"].replace(
        line, b"Distilled-Set-Format: 7"
    )
    tags = {
        n.removeprefix(ROOT): c
        for n, c in files.items()
        if not n.startswith(f"{ROOT}data/") and "tagm" not in n
    }
    files[f"{ROOT}tagmanifest-sha256.txt"] = bag._manifest(tags)
    with pytest.raises(BundleError, match="format 7; this version") as caught:
        verify(archive.write_archive(files))
    assert "newer version" in caught.value.remedy


def test_a_bundle_packed_again_by_another_program(bundle):
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bundle)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    with pytest.raises(BundleError, match="packed again"):
        verify(stream.getvalue())


def foreign_zip(bundle: bytes, name: str, content: bytes = b"x", **attributes: object) -> bytes:
    """The bundle with one more member, written by the ordinary zip library."""
    stream = io.BytesIO(bundle)
    with zipfile.ZipFile(stream, "a") as zipped:
        info = zipfile.ZipInfo(name)
        for key, value in attributes.items():
            setattr(info, key, value)
        zipped.writestr(info, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "/etc/passwd", f"{ROOT}../../evil", "C:\\evil", f"{ROOT}data/..\\evil", f"{ROOT}data//x", f"{ROOT}data/a\u202eb", f"{ROOT}{'d/' * 200}x"],
)  # fmt: skip
def test_names_that_would_write_elsewhere(bundle, name):
    with pytest.raises(BundleError, match="outside the bundle, or an odd one"):
        verify(foreign_zip(bundle, name))


def test_symbolic_links(bundle):
    content = foreign_zip(
        bundle,
        f"{ROOT}data/link",
        b"/etc/passwd",
        external_attr=(stat.S_IFLNK | 0o777) << 16,
        create_system=3,
    )
    with pytest.raises(BundleError, match="link or a device"):
        verify(content)


def test_a_bomb_by_ratio(bundle):
    content = foreign_zip(
        bundle, f"{ROOT}data/zeros", bytes(10_000_000), compress_type=zipfile.ZIP_DEFLATED
    )
    assert len(content) < 200_000
    with pytest.raises(BundleError, match="compressed"):
        verify(content)


def test_a_bomb_by_count(bundle):
    end = bytearray(bundle[-22:])
    struct.pack_into("<2H", end, 8, 65_000, 65_000)
    with pytest.raises(BundleError, match="lists 65,000 files"):
        verify(bundle[:-22] + bytes(end))


def test_a_bomb_by_size(tmp_path):
    path = tmp_path / "huge.distilled.zip"
    with path.open("wb") as stream:
        stream.truncate(2**40)  # sparse
    with pytest.raises(BundleError, match="no bundle has more than"):
        verifier.verify(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name(bundle):
    with pytest.raises(BundleError, match="Two files in the zip have the name"):
        verify(foreign_zip(bundle, f"{ROOT}data/recipe.json"))


def test_a_file_that_no_manifest_lists(bundle):
    with pytest.raises(BundleError, match="data/more is not listed in manifest"):
        verify(foreign_zip(bundle, f"{ROOT}data/more"))


def test_a_listed_file_that_is_missing(bundle):
    files = {name: bytes(view) for name, view in archive.read_archive(bundle).items()}
    del files[f"{ROOT}data/recipe.json"]
    with pytest.raises(BundleError, match=r"data/recipe.json is missing, but listed"):
        verify(archive.write_archive(files))


def test_a_file_that_does_not_belong(payload):
    with pytest.raises(BundleError, match=r"data/model.pkl does not belong"):
        verify(packed(payload | {"data/model.pkl": b"\x80\x04"}))


@pytest.mark.parametrize(
    "name", ["recipe.json", "card.json", "distilled.npz", "train_student.py", "report.html"]
)
def test_a_required_file_is_left_out(payload, name):
    with pytest.raises(BundleError, match=f"data/{re.escape(name)} is missing"):
        verify(packed({n: c for n, c in payload.items() if n != f"data/{name}"}))


def test_another_script_is_told(payload):
    changed = packed(payload | {"data/train_student.py": b"import os\n"})
    assert not verify(changed).known_script


def tensors_file(**changes: np.ndarray) -> bytes:
    good = to_bytes(make_set())
    length = int.from_bytes(good[:8], "little")
    metadata = json.loads(good[8 : 8 + length])["__metadata__"]
    tensors = safetensors.numpy.load(good) | changes
    return safetensors.numpy.save(tensors, metadata=metadata)


def with_nan(shape: tuple[int, ...]) -> np.ndarray:
    values = np.full(shape, 0.25, np.float32)
    values[0] = np.nan
    return values


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"images": with_nan((4, 1, 16, 16))}, "not finite"),
        ({"labels": with_nan((4, 4))}, "not finite"),
        ({"learning_rates": np.array([-1.0], np.float32)}, "not positive"),
        ({"learning_rates": np.zeros(0, np.float32)}, "learning_rates of the shape [0]"),
        ({"learning_rates": np.ones(200_000, np.float32)}, "learning_rates of the shape [200000]"),
        ({"images": np.zeros((4, 1, 1, 1000), np.float32)}, "images of the shape [4, 1, 1, 1000]"),
        ({"images": np.zeros((4, 1, 8, 8), np.float32)}, "the recipe says"),
        ({"images": np.zeros((4, 256), np.float32)}, "images of the shape [4, 256]"),
        ({"images": np.zeros((4, 1, 16, 16), np.float64)}, "another type than float32"),
        ({"images": np.full((4, 1, 16, 16), 1e9, np.float32)}, "values that no image has"),
        ({"labels": np.full((4, 4), 0.5, np.float32)}, "no probabilities"),
        ({"optimiser": np.zeros(3, np.float32)}, "instead of"),
    ],
)  # fmt: skip
def test_absurd_tensors(payload, changes, sentence):
    content = packed(payload | {"data/distilled.safetensors": tensors_file(**changes)})
    with pytest.raises(BundleError, match=re.escape(sentence)):
        verify(content)


def test_weights_of_the_classes_pass_only_where_the_steps_are_prescribed():
    raw = np.array([[1.9, -0.6, -0.5], [-0.7, 1.8, 1.1]], np.float32)
    sent = replace(prescribed_set(order=((0,), (1,))), labels=raw)
    papers = make_papers(evaluation=None, audit=None)
    assert np.array_equal(verify(writer.pack(sent, papers)).distilled.labels, raw)
    with pytest.raises(BundleError, match="that nothing is taught with"):
        verify(writer.pack(replace(sent, labels=raw * 1e4), papers))
    recipe = replace(sent.recipe, order=(), start=ANY_START)
    with pytest.raises(BundleError, match="no probabilities"):
        verify(writer.pack(replace(sent, recipe=recipe), papers))


@pytest.mark.parametrize(
    "header",
    [b"", b"\xff" * 8, b"\x05" + bytes(7) + b"[[[[[", (50_000).to_bytes(8, "little") + b"[" * 50_000, b"\x02" + bytes(7) + b"[]"],
    ids=["empty", "endless", "broken", "nested", "list"],
)  # fmt: skip
def test_damaged_tensor_headers(payload, header):
    with pytest.raises(BundleError, match=r"distilled.safetensors"):
        verify(packed(payload | {"data/distilled.safetensors": header}))


def test_a_tensor_that_claims_more_than_the_file_holds(payload):
    good = payload["data/distilled.safetensors"]
    content = good.replace(b"[4,1,16,16]", b"[9,1,16,16]")
    with pytest.raises(BundleError, match=r"distilled\.safetensors"):
        verify(packed(payload | {"data/distilled.safetensors": content}))


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("recipe", b'"steps": 20', b'"steps": NaN', "NaN is no JSON number"),
        ("recipe", b'"steps": 20', b'"steps": 1e999', "recipe.steps is inf"),
        ("recipe", b'"steps": 20', b'"steps": "20"', "must be of type integer"),
        ("recipe", b'"steps": 20', b'"steps": true', "must be of type integer"),
        ("recipe", b'"steps": 20', b'"steps": 20, "steps": 30', "stands twice"),
        ("recipe", b'"steps": 20', b'"steps": 30', "does not show what"),
        ("recipe", b'"steps": 20', b'"steps": 20, "exec": "rm"', "'exec' is a field that"),
        ("recipe", b'"convnet"', b'"../../x"', "recipe.network"),
        ("recipe", b"{", b"{" + b'"a":{' * 3000, "recipe.json is damaged"),
        ("card", b'"images": 4', b'"images": 5', "card.json does not show"),
        ("card", b'"format": 1', b'"format": 2', "card.format is 2"),
        ("utility", b'"format": 1', b'"format": 1, "x": 1', "'x' is a field that"),
        ("audit", b'"planted"', b'"planned"', "'planned' is a field that"),
        ("audit", b"{", b"\xff{", "audit.json is damaged"),
    ],
)
def test_json_that_no_schema_allows(payload, file, old, new, sentence):
    name = f"data/{file}.json"
    changed = payload[name].replace(old, new, 1)
    assert changed != payload[name]
    with pytest.raises(BundleError, match=re.escape(sentence)):
        verify(packed(payload | {name: changed}))


PNG = "data/images/0-normal/0.png"


def png(pixels: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", **options)
    return stream.getvalue()


def with_text(key: str, text: str) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text(key, text, zip=True)
    return info


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (png(np.zeros((16, 16), np.uint8)), "does not show what"),
        (png(np.zeros((17, 16), np.uint8)), "another size than the recipe"),
        (png(np.zeros((16, 16, 3), np.uint8)), "another size than the recipe"),
        (png(np.zeros((16, 16), np.uint8), pnginfo=with_text("PatientName", "DOE")), "more than pixels"),
        (png(np.zeros((16, 16), np.uint8))[:40], "cut off"),
        (b"GIF89a", "no PNG image"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
    ],
)  # fmt: skip
def test_pngs_that_are_not_the_sets(payload, content, sentence):
    assert PNG in payload
    with pytest.raises(BundleError, match=re.escape(sentence)):
        verify(packed(payload | {PNG: content}))


def test_an_image_too_many(payload):
    with pytest.raises(BundleError, match="list of PNGs"):
        verify(packed(payload | {"data/images/0-normal/9.png": payload[PNG]}))


def test_arrays_of_another_set(payload):
    other = writer.payload(make_set(per_class=2), make_papers())["data/distilled.npz"]
    with pytest.raises(BundleError, match=r"distilled.npz does not show"):
        verify(packed(payload | {"data/distilled.npz": other}))


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7", b"PK\3\4", b"PK\5\6" + bytes(18), bytes(1000)]
)
def test_files_that_are_no_bundles(content):
    with pytest.raises(BundleError):
        verify(content)


def test_an_ordinary_zip_is_told_from_a_bundle(tmp_path):
    path = tmp_path / "holiday.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("photo.jpg", "x")
    with pytest.raises(BundleError, match=r"no bundle: 'photo.jpg' stands outside"):
        verifier.verify(path)


def test_missing_files_and_folders_are_sentences(tmp_path):
    for path in (tmp_path / "missing.zip", tmp_path):
        with pytest.raises(BundleError, match="cannot be read"):
            verifier.verify(path)


def test_the_command_line_can_show_what_is_in_a_bundle(bundle, tmp_path):
    """Every paper of a bundle passes through `verify` to a table and to JSON."""
    path = tmp_path / "a.distilled.zip"
    path.write_bytes(bundle)
    from meddistill_gui.cli.main import main

    assert main(["verify", str(path)]) == 0
    assert main(["verify", str(path), "--json"]) == 0
