import json

import numpy as np
import onnx
import onnxruntime
import pytest
import safetensors
import safetensors.torch
import torch

from benchmarks.bundle_sample import make_set
from meddistill_gui.core.control import Control
from meddistill_gui.core.real_images import RealImages
from meddistill_gui.engine.evaluation import portable, students

CPU = torch.device("cpu")
SET = make_set(channels=3)
THETA = students.train_student(SET, seed=0, device=CPU, control=Control())


def test_weights_are_named_layers_with_the_recipe_in_the_header(tmp_path):
    path = tmp_path / "student.safetensors"
    path.write_bytes(portable.weights(SET.recipe, THETA))
    layers = safetensors.torch.load_file(path)
    assert [name for name in layers if name.startswith("0.")] == ["0.bias", "0.weight"]
    assert layers["0.weight"].shape == (8, 3, 3, 3)
    assert layers["9.weight"].shape == (4, 8 * 4 * 4)
    assert sum(layer.numel() for layer in layers.values()) == len(THETA)
    with safetensors.safe_open(path, framework="pt") as file:
        assert json.loads(file.metadata()["recipe"])["depth"] == 2


@pytest.mark.slow
def test_onnx_runtime_gives_the_students_probabilities_and_the_file_names_no_place():
    content = portable.onnx(SET.recipe, THETA)
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    for place in (b"meddistill", b"site-packages", b".py"):
        assert place not in content
    pixels = np.random.default_rng(0).integers(0, 256, (5, 3, 16, 16), dtype=np.uint8)
    runtime = onnxruntime.InferenceSession(content)
    (answers,) = runtime.run(None, {"images": pixels.astype(np.float32) / 255})
    zeros = np.zeros(5, np.int64)
    own = RealImages(
        images=pixels, labels=zeros, patients=zeros, ids=zeros, class_names=SET.recipe.class_names, role="test"
    )  # fmt: skip
    assert np.allclose(answers, students.predict(SET.recipe, THETA, own, CPU), atol=1e-5)
