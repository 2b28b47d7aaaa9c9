"""One process of a run of several: a small distillation of invented images, for `test_processes`.

several.py FOLDER [die | stop]: what the last process does after its first evaluation
"""

import os
import signal
import sys
from pathlib import Path

import torch
from conftest import invented

from meddistill_gui.core.config import with_values
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import MedDistillError
from meddistill_gui.core.events import Metric
from meddistill_gui.core.run_folder import RunFolder
from meddistill_gui.engine import processes, runner

CONFIG = {
    "images.size": 8,
    "network.depth": 2,
    "network.width": 4,
    "experts.count": 3,
    "experts.epochs": 6,
    "experts.batch": 16,
    "evaluation.steps": 6,
    "evaluation.every": 3,
    "evaluation.validation_students": 1,
    "iterations": 9,
    "device": "cpu",
    "method": "trajectory",
    "options.warm_start": 2,
    "options.segments": 2,
    "options.label_rate": 1.0,
}


def main() -> int:
    folder, word = Path(sys.argv[1]), (sys.argv[2:] or [""])[0]
    folder.mkdir(exist_ok=True)
    config = with_values(DistillConfig(project=folder), CONFIG)
    last = os.environ["RANK"] == str(int(os.environ["WORLD_SIZE"]) - 1)
    control = Control()
    try:
        with processes.joined(torch.device("cpu")):
            images = invented(24), invented(12, role="validation", seed=1)
            seen = 0
            for event in runner.distill(config, RunFolder(folder), *images, control):
                seen += isinstance(event, Metric) and event.name == runner.SCORE
                if last and seen and word == "stop":
                    control.request_stop()
                if last and seen and word == "die":
                    os.kill(os.getpid(), signal.SIGKILL)
    except MedDistillError as error:
        print(error, file=sys.stderr)
        return 130 if error.exit_code == 130 else 3
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
