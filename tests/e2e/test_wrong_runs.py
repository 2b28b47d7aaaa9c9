"""Options that no run can have, and run folders that this program cannot go on with, on the real command line.

Exit code 2, a sentence, a remedy; no expert is trained before it is said, and what was trained stays.
"""

import pytest

from meddistill_gui.engine import devices
from meddistill_gui.engine.experts import training
from tests.e2e.world import World, kept, refused

pytestmark = pytest.mark.slow

SMALL = [
    "--images-size", "16", "--network-depth", "2", "--network-width", "8", "--experts-count", "1",
    "--experts-epochs", "6", "--iterations", "3", "--device", "cpu",
]  # fmt: skip

OPTIONS = {
    "a window that reaches beyond the experts": (
        "--options-max-start 5 --options-expert-epochs 3",
        "The last segment ends at epoch 7 (options.max_start - 1 + options.expert_epochs), but experts.epochs is only 6",
    ),
    "a first window larger than the last": (
        "--method progressive --options-first-window 5",
        "options.first_window is 5",
    ),
    "a window of no length": ("--options-max-start 0", "options.max_start is 0"),
    "more images than a class has": (
        "--initialisation real --images-per-class 500",
        "training images; 500 are needed",
    ),
    "no images of a class": ("--images-per-class 0", "images_per_class is 0"),
    "pixels that the blocks use up": ("--network-depth 5", "too small for network.depth 5"),
    "more student steps than there may be": ("--options-inner-steps 401", "options.inner_steps is 401"),
    "bounds of the rate upside down": (
        "--options-rate-low 0.2 --options-rate-high 0.1",
        "options.rate_low (0.2) is larger than options.rate_high",
    ),
    "a rate outside its bounds": ("--options-student-rate 0.9", "options.student_rate is 0.9"),
    "a step size that is no number": ("--options-image-rate nan", "options.image_rate is nan"),
    "an endless step size": ("--options-image-rate inf", "options.image_rate is inf"),
    "a negative step size": ("--options-image-rate=-1", "options.image_rate is -1"),
    "two ways of storing experts": ("--experts-half --experts-waypoints 3", "cannot both be set"),
    "a single waypoint": ("--experts-waypoints 1", "a beginning and an end"),
    "a norm that the network has not": ("--network-norm batch", "network.norm 'batch' does not exist"),
    "a method that is none": ("--method alchemy", "alchemy"),
    "an option of another method": ("--options-epsilon 3", "epsilon"),
    "an option that is none": ("--images-sise 16", "images-sise"),
    "half a number": ("--iterations 2.5", "iterations"),
}  # fmt: skip


@pytest.fixture
def no_training(monkeypatch):
    def trained(*_given):
        raise AssertionError("an expert was trained before the input was refused")
        yield

    monkeypatch.setattr(training, "_train", trained)


def refused_and_kept(world: World, words, capsys) -> str:
    """What was said; nothing but the run's log has changed, which has got its last lines."""
    log = world.run / "events.jsonl"
    before, logged = kept(world), log.read_bytes()
    said = refused(words, capsys)
    after = kept(world)
    changed = {place for place in before if after.get(place) != before[place]}
    assert changed <= {str(log)}
    assert log.read_bytes().startswith(logged)
    return said


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.usefixtures("no_training")
def test_options_that_no_run_can_have(world, name, capsys):
    options, sentence = OPTIONS[name]
    words = ["distill", "--project", world.project, "--name", "other", *SMALL, *options.split()]
    assert sentence in refused_and_kept(world, words, capsys)


@pytest.mark.usefixtures("no_training")
def test_more_steps_than_memory(world, capsys, monkeypatch):
    monkeypatch.setattr(devices, "memory_bytes", lambda _device: 4 * 10**6)
    options = [
        "--options-memory", "stored", "--options-inner-steps", "400", "--images-per-class", "5"
    ]  # fmt: skip
    words = ["distill", "--project", world.project, "--name", "other", *SMALL, *options]
    said = refused_and_kept(world, words, capsys)
    assert "for 400 steps on 15 images of 16 x 16 pixels; this machine has 0.0 GB" in said
    assert "options.memory 'replay'" in said


def _newer_run(world: World) -> None:
    config = world.run / "run.toml"
    config.write_text(config.read_text().replace("format = 1", "format = 2", 1))


def _unknown_option(world: World) -> None:
    config = world.run / "run.toml"
    config.write_text(config.read_text().replace("[images]", "[images]\nzoom = 3", 1))


def _no_toml(world: World) -> None:
    (world.run / "run.toml").write_text("[images\n")


def _changed(place: str, change):
    def damage(world: World) -> None:
        file = next(world.run.glob(place))
        file.write_bytes(change(file.read_bytes()))

    return damage


def _flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


DAMAGES = {
    "a newer version's run": (_newer_run, "another version of MedDistill (format 2"),
    "an option of a newer version": (_unknown_option, "images.zoom is no option"),
    "a config that is no TOML": (_no_toml, "is damaged"),
    "a damaged expert": (_changed("experts/expert-*", _flipped), "its checksum does not match"),
    "an expert cut off": (_changed("experts/expert-*", lambda c: c[:-9]), "Delete this one file"),
    "a newer version's expert": (
        _changed("experts/expert-*", lambda c: c.replace(b'format\\": 1', b'format\\": 2')),
        "another version of MedDistill",
    ),
    "a checkpoint cut off": (
        _changed("checkpoint.safetensors", lambda c: c[:-9]),
        "Delete this one file",
    ),
    "a newer version's checkpoint": (
        _changed("checkpoint.safetensors", lambda c: c.replace(b'format\\": 1', b'format\\": 2')),
        "another version of MedDistill",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.usefixtures("no_training")
def test_a_run_folder_that_cannot_be_gone_on_with(world, name, capsys):
    damage, sentence = DAMAGES[name]
    damage(world)
    assert sentence in refused_and_kept(world, ["distill", "--resume", world.run], capsys)


@pytest.mark.parametrize("operation", ["evaluate", "audit", "export"])
def test_a_newer_versions_run_is_left_alone_by_all(world, operation, capsys):
    _newer_run(world)
    words = [operation, world.run, *(["--to", world.root] if operation == "export" else [])]
    assert "another version of MedDistill" in refused_and_kept(world, words, capsys)
