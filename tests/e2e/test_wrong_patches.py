"""Wrong regions, windows, divisions, networks and capsules on the command line: exit code 2, a sentence, a remedy, nothing lost."""

import contextlib
import json
import shutil
import sqlite3

import numpy as np
import pytest
from PIL import Image

from meddistill_gui.cli.main import main
from meddistill_gui.core.control import Control
from meddistill_gui.data.phantoms.fold_hospital import IMAGES, MASKS, write_fold_hospital
from tests.e2e.world import World, kept, refused

pytestmark = pytest.mark.slow
SIDE = 128
SMALL = [
    "--method", "soft_label", "--images-size", "12", "--network-depth", "2", "--network-width", "4",
    "--evaluation-every", "2", "--iterations", "2", "--options-real-batch", "12", "--device", "cpu",
]  # fmt: skip
LARGE = ["--network-family", "vgg19", "--options-inner-steps", "400", "--options-inner-epochs", "100"]  # fmt: skip


def done(*words: object) -> None:
    assert main([*map(str, words)]) == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> World:
    """A hospital with regions, divided into patches, a short run on them and its capsule, all by the command line."""
    world = World(tmp_path_factory.mktemp("folds"))
    hospital, project = world.root / "hospital", world.project
    for _ in write_fold_hospital(hospital, patients=14, side=SIDE, seed=1, control=Control()):
        pass
    done("scan", hospital / IMAGES, "--project", project)
    done("label", "--project", project)
    done("regions", hospital / MASKS, "--project", project, "--author", "test")
    done("split", "--project", project, "--validation", "0.2", "--test", "0.3", "--holdout", "0")
    done("patches", "--project", project, "--positive", "coarse", "--size", "24", "--stride", "12")
    done("distill", "--project", project, "--name", "small", *SMALL)
    done("capsule", "export", world.run, "--to", world.root, "--name", "small")
    return world


@pytest.fixture
def world(made, tmp_path) -> World:
    """A copy that a test may damage."""
    shutil.copytree(made.root, tmp_path / "world")
    return World(tmp_path / "world")


def _mask(world: World, drawn: np.ndarray, name: str = "") -> list[object]:
    """The command that takes over one mask, named after an image unless a name is given."""
    image = next((world.root / "hospital" / MASKS).rglob("*.png"))
    world.new.mkdir()
    file = world.new / (name or image.name)
    Image.fromarray(drawn).save(file)
    return ["regions", file, "--project", world.project]


def _outside(world: World) -> list[object]:
    drawn = np.zeros((2 * SIDE, 2 * SIDE), bool)
    drawn[SIDE + 10 :, SIDE + 10 :] = True
    return _mask(world, drawn)


def _patches(world: World, *options: object) -> list[object]:
    return ["patches", "--project", world.project, "--positive", "coarse", *options]


def _torn(world: World) -> None:
    """One image of a patient with several goes to another part of the split."""
    connection = sqlite3.connect(world.project / "catalogue.sqlite")
    with contextlib.closing(connection), connection:
        cluster, role = connection.execute(
            "SELECT cluster, min(role) FROM role GROUP BY cluster HAVING count(*) > 1"
        ).fetchone()
        other = "test" if role == "train" else "train"
        connection.execute(
            "UPDATE role SET role = ? WHERE image = (SELECT min(image) FROM role WHERE cluster = ?)",
            (other, cluster),
        )


def _torn_patches(world: World) -> list[object]:
    _torn(world)
    return _patches(world, "--size", 24, "--stride", 12)


def _torn_run(world: World) -> list[object]:
    _torn(world)
    return ["distill", "--project", world.project, "--name", "torn", *SMALL]


def _changed_capsule(world: World, change) -> list[object]:
    path = world.root / "small.capsule"
    path.write_bytes(change(path.read_bytes()))
    return ["capsule", "open", path]


def _turned(content: bytes) -> bytes:
    """The same steps in another order."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    order = json.loads(header["__metadata__"]["capsule"])["recipe"]["order"]
    turned = order[1:] + order[:1]
    assert turned != order
    return content.replace(json.dumps(order).encode(), json.dumps(turned).encode())


CASES = {
    "a region outside the image": (_outside, f"has 256 x 256 pixels, its image {SIDE} x {SIDE}"),
    "a mask of another size": (
        lambda w: _mask(w, np.ones((10, 10), bool)),
        f"has 10 x 10 pixels, its image {SIDE} x {SIDE}",
    ),
    "a mask that marks nothing": (
        lambda w: _mask(w, np.zeros((SIDE, SIDE), bool)),
        "marks nothing",
    ),
    "a mask of no image": (
        lambda w: _mask(w, np.ones((SIDE, SIDE), bool), "stranger.png"),
        "No image of the catalogue is named like",
    ),
    "a picture as mask": (
        lambda w: _mask(w, (np.arange(SIDE**2) % 256).astype(np.uint8).reshape(SIDE, SIDE)),
        "is a picture, not a mask",
    ),
    "a stride larger than the images": (
        lambda w: _patches(w, "--size", 24, "--stride", SIDE + 1),
        f"stride is 129 pixels, but the largest image has {SIDE} x {SIDE}",
    ),
    "a window larger than the images": (
        lambda w: _patches(w, "--size", SIDE + 1, "--stride", 12),
        f"size is 129 pixels, but the largest image has {SIDE} x {SIDE}",
    ),
    "a positive class that is none": (
        lambda w: ["patches", "--project", w.project, "--positive", "ill"],
        "the classes are",
    ),
    "a patient in two parts, counted": (_torn_patches, "patients stand in more than one part"),
    "a patient in two parts, distilled": (_torn_run, "patients stand in more than one part"),
    "a network that does not fit in memory": (
        lambda w: ["distill", "--project", w.project, "--name", "large", *SMALL, *LARGE],
        "This network needs about",
    ),
    "steps in another order": (lambda w: _changed_capsule(w, _turned), "whose order counts"),
    "a capsule cut off": (lambda w: _changed_capsule(w, lambda c: c[:-7]), "The capsule is"),
    "something else as capsule": (
        lambda w: ["capsule", "open", w.project / "catalogue.sqlite"],
        "no capsule",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_wrong_input_costs_nothing(world, name, capsys):
    prepare, sentence = CASES[name]
    words = prepare(world)
    capsys.readouterr()
    before = kept(world)
    assert sentence in refused(words, capsys)
    after = kept(world)
    assert {place: after.get(place) for place in before} == before


def test_a_refused_network_leaves_its_name_free(world, capsys):
    words = ["distill", "--project", world.project, "--name", "large", *SMALL]
    refused([*words, *LARGE], capsys)
    done(*words)
    capsys.readouterr()
    assert "exists already" in refused([*words, *LARGE], capsys), "now something was made"


def test_one_bad_mask_of_many_is_named_and_the_others_are_taken(world, capsys):
    masks = world.root / "hospital" / MASKS
    Image.new("1", (10, 10), 1).save(next(masks.rglob("*.png")))
    capsys.readouterr()
    done("regions", masks, "--project", world.project, "--json")
    assert json.loads(capsys.readouterr().out)["refused"] == 1
