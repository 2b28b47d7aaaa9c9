"""Projects and runs made by hand through the core's own functions, so that pages meet real folders without real work."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.bundle_sample import make_set
from meddistill_gui.core import distilled
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.events import Event, Finished, Frame, Metric, Progress, Started
from meddistill_gui.core.project import Project, create_project
from meddistill_gui.core.run_folder import EventLog, RunFolder, create_run
from meddistill_gui.core.words import FORMAL_GUARANTEE_NONE, LIMITS, Verdict
from meddistill_gui.gui.session import Session

CLASSES = ("focal", "normal", "opaque")
SIZE = 8


@dataclass
class Hospital:
    """A project with runs whose images are recognisable: image i is filled with `10 * i`, its corner pixel is `i`."""

    project: Project
    runs: dict[str, RunFolder] = field(default_factory=dict)

    def run(self, name: str = "run-1", *, per_class: int = 2) -> RunFolder:
        config = DistillConfig(project=self.project.root, name=name, images_per_class=per_class)
        self.runs[name] = create_run(config)
        return self.runs[name]

    def log(self, run: RunFolder, *events: Event) -> None:
        log = EventLog(run.events)
        for event in events:
            log.append(event)
        log.close()

    def frame(self, run: RunFolder, step: int, *, brightness: int = 0) -> Frame:
        path = run.frames / f"{step:08d}.npy"
        np.save(path, pictures(6) + np.uint8(brightness), allow_pickle=False)
        return Frame(step=step, path=f"frames/{path.name}")

    def finished(self, run: RunFolder) -> RunFolder:
        """A run with a result, as an operation leaves it."""
        self.log(
            run,
            Started(operation="distill", phases=("matching trajectories",)),
            Progress(phase="matching trajectories", done=40, total=40, unit="iterations"),
            Metric(name="loss", step=39, value=0.5),
            Metric(name="validation balanced accuracy", step=20, value=0.71),
            Metric(name="validation balanced accuracy", step=40, value=0.64),
            self.frame(run, 40),
            Finished(summary={"text": "done"}),
        )
        distilled.save(run.result, small_set())
        return run

    def audited(
        self, run: RunFolder, verdict: Verdict = Verdict.NO_LEAK_FOUND, flagged: int = -1
    ) -> None:
        """An audit's two reports."""
        content = (
            hashlib.sha256(run.result.read_bytes()).hexdigest() if run.result.is_file() else ""
        )
        report = audit_report(verdict, flagged) | {"set": content}
        (run.audit / "detailed.json").write_text(json.dumps(report))
        public = {
            "format": 1,
            "verdict": str(verdict),
            "reasons": report["reasons"],
            "formal": report["formal"],
        }
        (run.audit / "public.json").write_text(json.dumps(public))


def pictures(count: int) -> np.ndarray:
    """uint8 `[count, SIZE, SIZE]`: image i is filled with 10 * i, its top left pixel is 200 + i."""
    made = np.stack([np.full((SIZE, SIZE), 10 * index, np.uint8) for index in range(count)])
    made[:, 0, 0] = 200 + np.arange(count)
    return made


def small_set() -> DistilledSet:
    labels = np.eye(3, dtype=np.float32)[[0, 0, 1, 1, 2, 2]]
    like = make_set(size=SIZE, per_class=2, steps=100).recipe
    recipe = replace(like, class_names=CLASSES, mean=(0.4,), deviation=(0.2,), momentum=0.5)
    return DistilledSet(
        images=(pictures(6)[:, None] / 255).astype(np.float32),
        labels=labels,
        learning_rates=np.array([0.02], np.float32),
        recipe=recipe,
    )


def audit_report(verdict: Verdict, flagged: int) -> dict:
    def near(first: int) -> list[dict]:
        return [
            {
                "id": first + k,
                "patient": first + k,
                "similarity": 0.9 - 0.1 * k,
                "distance": 1000 + k,
            }
            for k in range(3)
        ]

    images = [
        {
            "index": index,
            "class": CLASSES[index // 2],
            "p": 0.01 if index == flagged else 0.9 - 0.1 * index,
            "score_a": 9.0 if index == flagged else 3.0,
            "score_b": 0.5,
            "flagged": index == flagged,
            "confirmed": index == flagged and verdict is Verdict.LEAK_FOUND,
            "exact": False,
            "found_a": {"id": 11, "patient": 11, "similarity": 0.95, "way": "turned by -5 degrees"},
            "nearest_train": near(10),
            "nearest_holdout": near(20),
        }
        for index in range(6)
    ]
    return {
        "format": 1,
        "verdict": str(verdict),
        "reasons": ["A reason in a sentence."],
        "formal": FORMAL_GUARANTEE_NONE,
        "preconditions": [{"name": "patients", "passed": True, "sentence": "There are enough."}],
        "counts": {"synthetic": 6, "train_images": 100, "holdout_images": 50},
        "images": images,
        "holdout_scores": {"a": [1.0, 2.0, 3.0, 4.0], "b": [0.1, 0.2, 0.6, 0.7]},
        "thresholds": {"a": 4.0, "b": 0.7},
        "planted": [
            {
                "kind": "exact",
                "planted": 59,
                "found": 59,
                "right_patient": 58,
                "missed_at_most": 0.0495,
                "marked": True,
            }
        ],
        "closeness": {"value": 0.52, "sentence": "0.52 (0.43-0.61), p = 0.31: no overall pull."},
        "recovery": {"sentence": "Not applicable."},
        "off_manifold": False,
        "limits": LIMITS,
    }


@pytest.fixture
def hospital(tmp_path: Path) -> Hospital:
    return Hospital(create_project(tmp_path / "project"))


@pytest.fixture
def session(start_fake: Callable) -> Session:
    return Session(start_fake)


@pytest.fixture
def synthetic() -> DistilledSet:
    return small_set()


@pytest.fixture
def evaluation() -> dict:
    def figure(mean: float) -> dict:
        return {"mean": mean, "sd": 0.02, "low": mean - 0.04, "high": mean + 0.04, "values": [mean]}

    row = {
        "name": "distilled",
        "title": "6 synthetic images",
        "training_images": 6,
        "students": 3,
        "accuracy": figure(0.7),
        "balanced_accuracy": figure(0.683),
        "macro_f1": figure(0.6),
        "auroc": figure(0.8),
        "per_class": [],
        "confusion": [],
        "seconds": 1.0,
    }
    return {
        "format": 1,
        "class_names": list(CLASSES),
        "test_images": 20,
        "test_patients": 9,
        "rows": [row],
    }
