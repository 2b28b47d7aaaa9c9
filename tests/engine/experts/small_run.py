"""A run small enough for tests; also a program of its own, so that it can be killed.

python small_run.py FOLDER EXPERTS_OPTIONS_AS_JSON [EPOCHS_BEFORE_SUICIDE, or -1 to live]
"""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import torch

from meddistill_gui.core.configs.distill import DistillConfig, ExpertsConfig
from meddistill_gui.core.configs.trajectories import TrajectoryOptions
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Progress
from meddistill_gui.engine.experts import training
from meddistill_gui.engine.experts.forms import form_of
from meddistill_gui.engine.experts.store import TrajectoryStore, open_store
from meddistill_gui.engine.networks.families import make_network
from meddistill_gui.engine.tensors import TrainingTensors

NETWORK = make_network("convnet", depth=1, width=4, channels=1, size=8, classes=3)


def small_config(**experts) -> DistillConfig:
    options = {"count": 3, "epochs": 10, "batch": 16, "learning_rate": 0.05, **experts}
    return DistillConfig(
        project=Path("nowhere"),
        experts=ExpertsConfig(**options),
        method="trajectory",
        options=TrajectoryOptions(max_start=3, expert_epochs=2),
    )


def small_data(seed: int = 0) -> TrainingTensors:
    """60 images of 3 classes that differ in which third is bright; 40, 15 and 5 of each."""
    labels = torch.tensor([0] * 40 + [1] * 15 + [2] * 5)
    images = torch.randn(60, 1, 8, 8, generator=torch.Generator().manual_seed(seed)) * 0.5
    for place, label in enumerate(labels.tolist()):
        images[place, :, 3 * label : 3 * label + 2] += 1.0
    return TrainingTensors(images=images, labels=labels, classes=3)


def small_store(folder: Path, config: DistillConfig, data: TrainingTensors) -> TrajectoryStore:
    return open_store(
        folder,
        parameter_count=NETWORK.parameter_count,
        epochs=training.epochs_needed(config),
        digest=training.experts_digest(config, data),
        form=form_of(config.experts, NETWORK.shapes),
    )


def trained(folder: Path, config: DistillConfig | None = None, control: Control | None = None):
    """Train what is missing in a folder; the store and the events."""
    config, data = config or small_config(), small_data()
    store = small_store(folder, config, data)
    events = list(training.train_experts(config, NETWORK, data, store, control or Control()))
    return store, events


def with_options(config: DistillConfig, **options) -> DistillConfig:
    return replace(config, options=TrajectoryOptions(**options))


def main() -> None:
    training._SAVE_SECONDS = 0.0
    torch.set_num_threads(1)
    config, data = small_config(**json.loads(sys.argv[2])), small_data()
    store = small_store(Path(sys.argv[1]), config, data)
    left = int(sys.argv[3]) if len(sys.argv) > 3 else -1
    for event in training.train_experts(config, NETWORK, data, store, Control()):
        left -= isinstance(event, Progress)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
