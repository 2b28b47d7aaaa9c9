"""The script that travels in each bundle trains the same student as the program itself."""

import importlib.util
import json
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image
from safetensors import safe_open

from benchmarks.bundle_sample import make_papers, make_set, prescribed_set
from meddistill_gui.bundle import writer
from meddistill_gui.bundle.format import ROOT
from meddistill_gui.core.configs.network import TORCHVISION
from meddistill_gui.core.control import Control
from meddistill_gui.core.distilled import recipe_to_json, to_bytes
from meddistill_gui.core.paths import resources
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.data.formats.reading import read_image
from meddistill_gui.data.images import squares
from meddistill_gui.engine.evaluation import students

CPU = torch.device("cpu")


def as_module():
    """The script's functions."""
    spec = importlib.util.spec_from_file_location(
        "train_student", resources() / "bundle/train_student.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def flat(network: torch.nn.Module) -> torch.Tensor:
    """All parameters as one vector, in the order of the layers."""
    return torch.cat([theta.detach().flatten() for theta in network.parameters()])


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"augmentation": "none"},
        {"augmentation": "radiograph", "rates": 20},
        {"augmentation": "tomography"},
        {"augmentation": "microscopy", "channels": 3},
        {"augmentation": "endoscopy", "channels": 3},
        {"augmentation": "natural", "channels": 3, "per_class": 3, "batch": 5},
    ],
    ids=str,
)
def test_it_trains_the_programs_student_to_the_last_bit(options):
    distilled = make_set(**options)
    tensors = safetensors.torch.load(to_bytes(distilled))
    recipe = json.loads(json.dumps(recipe_to_json(distilled.recipe)))
    network = as_module().train(tensors, recipe, 3, CPU)
    expected = students.train_student(distilled, seed=3, device=CPU, control=Control())
    assert torch.equal(flat(network), expected)


@pytest.mark.slow
def test_it_follows_weights_of_the_classes_too():
    raw = np.array([[1.9, -0.6, -0.5], [-0.7, 1.8, 1.1]], np.float32)
    distilled = replace(prescribed_set(order=((0,), (1,), (0,))), labels=raw)
    recipe = json.loads(json.dumps(recipe_to_json(distilled.recipe)))
    network = as_module().train(safetensors.torch.load(to_bytes(distilled)), recipe, 3, CPU)
    expected = students.train_student(distilled, seed=9, device=CPU, control=Control())
    assert torch.equal(flat(network), expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("channels", "norm", "size"), [(1, "own", 32), (3, "own", 32), (1, "instance", 64)]
)
def test_it_trains_the_programs_resnet_and_its_answers_are_the_same(channels, norm, size):
    """Batches are normalised by themselves while it learns, then by the statistics of the synthetic images."""
    made = make_set(channels=channels, size=size, steps=3, augmentation="none")
    distilled = replace(made, recipe=replace(made.recipe, network="resnet18", norm=norm, start=5))
    recipe = json.loads(json.dumps(recipe_to_json(distilled.recipe)))
    tensors = safetensors.torch.load(to_bytes(distilled))
    network = as_module().train(tensors, recipe, 3, CPU)
    theta = students.train_student(distilled, seed=9, device=CPU, control=Control())
    ours = students.student_network(distilled.recipe)
    assert torch.equal(flat(network), theta[: ours.parameter_count])
    images = torch.rand(3, channels, size, size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        together, alone = network(images), torch.cat([network(image[None]) for image in images])
        torch.testing.assert_close(together, ours.logits(theta, images))
        torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-4)  # sums in another order


@pytest.mark.parametrize("family", TORCHVISION)
@pytest.mark.parametrize("channels", [1, 3])
def test_it_knows_every_network_that_can_be_chosen(family, channels):
    chosen = replace(make_set(channels=channels).recipe, network=family)
    with torch.device("meta"):
        network = as_module().Published(recipe_to_json(chosen))
    shapes = tuple(tuple(parameter.shape) for parameter in network.parameters())
    assert shapes == students.student_network(chosen).shapes


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("mode", ["L", "RGB", "grey as RGB"])
@pytest.mark.parametrize("window", ["file", "percentile"])
def test_it_prepares_images_as_the_program_does(fit, channels, mode, window, tmp_path):
    random = np.random.default_rng(3)
    folder = tmp_path / "own" / "Normal"
    folder.mkdir(parents=True)
    shapes = [(40, 31), (16, 16), (9, 50), (17, 16)]
    for index, shape in enumerate(shapes):
        pixels = random.integers(0, 256, (*shape, 3), dtype=np.uint8)
        shown = Image.fromarray(pixels if mode == "RGB" else pixels[..., 0])
        shown.convert(mode.removeprefix("grey as ")).save(folder / f"{index}.png")
    recipe = recipe_to_json(make_set(channels=channels).recipe) | {"fit": fit, "window": window}
    images, labels = as_module().read_folder(tmp_path / "own", recipe)
    assert labels.tolist() == [0] * len(shapes)
    for index, image in enumerate(images):
        values = read_image(folder / f"{index}.png", window=window)
        expected = squares.to_stored(squares.to_square(values, 16, fit, channels))
        assert np.array_equal(image.numpy(), expected)


def test_a_folder_of_another_class_is_told(tmp_path):
    (tmp_path / "stranger").mkdir()
    with pytest.raises(SystemExit, match="stranger is none of the classes"):
        as_module().read_folder(tmp_path, recipe_to_json(make_set().recipe))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the exporter, which is not ours
def test_onnx_gives_the_same_probabilities(tmp_path):
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    script, distilled = as_module(), make_set(channels=3)
    recipe = json.loads(json.dumps(recipe_to_json(distilled.recipe)))
    network = script.train(safetensors.torch.load(to_bytes(distilled)), recipe, 0, CPU)
    script.save_onnx(network, recipe, tmp_path / "student.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["student.onnx"]
    images = np.random.default_rng(0).random((5, 3, 16, 16), np.float32)
    session = runtime.InferenceSession(tmp_path / "student.onnx")
    (answers,) = session.run(None, {"images": images})
    with torch.no_grad():
        expected = network(script.normalised(torch.from_numpy(images), recipe)).softmax(dim=1)
    assert np.allclose(answers, expected.numpy(), atol=1e-5)


@pytest.mark.slow
def test_from_the_unpacked_bundle_its_figures_are_the_programs(tmp_path):
    """As a receiver without this program runs it: unpacked by another tool, in a fresh interpreter."""
    distilled, random = make_set(steps=60), np.random.default_rng(1)
    (tmp_path / "b.zip").write_bytes(writer.pack(distilled, make_papers(evaluation=None)))
    with zipfile.ZipFile(tmp_path / "b.zip") as zipped:
        zipped.extractall(tmp_path)
    labels = random.integers(0, 4, 200)
    means = 255 * distilled.images[labels, 0].clip(0, 1)
    pixels = (means + random.normal(0, 120, means.shape)).clip(0, 255).astype(np.uint8)
    np.savez(tmp_path / "own.npz", test_images=pixels, test_labels=labels[:, None])
    script, out = tmp_path / ROOT / "data" / "train_student.py", tmp_path / "s.safetensors"
    done = subprocess.run(
        [sys.executable, "-I", script, "--device", "cpu", "--test", tmp_path / "own.npz", "--out", out],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

    theta = students.train_student(distilled, seed=0, device=CPU, control=Control())
    own = RealImages(
        images=pixels[:, None],
        labels=labels,
        patients=labels,
        ids=labels,
        class_names=distilled.recipe.class_names,
        role="test",
    )
    answers = students.predict(distilled.recipe, theta, own, CPU).argmax(axis=1)
    assert 0.3 < (answers == labels).mean() < 0.999
    assert f"accuracy           {(answers == labels).mean():.4f}" in done.stdout
    sensitivity = [(answers == labels)[labels == k].mean() for k in range(4)]
    assert f"balanced accuracy  {np.mean(sensitivity):.4f}" in done.stdout
    with safe_open(out, "pt") as file:
        assert json.loads(file.metadata()["recipe"])["network"] == "convnet"
        assert sum(file.get_tensor(name).numel() for name in file.keys()) == len(theta)  # noqa: SIM118 - not a dict
