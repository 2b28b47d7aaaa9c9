"""Labels beside a snapshot, and what the live view calls the rows of a run of soft labels."""

import numpy as np

from meddistill_gui.core.config import save_toml
from meddistill_gui.core.configs.distill import DistillConfig
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.configs.soft_label import SoftLabelOptions
from meddistill_gui.core.patch_set import PATCH_CLASSES
from meddistill_gui.core.run_folder import create_run
from meddistill_gui.gui.pages.live_view.row_names import class_names, mosaic_rows
from meddistill_gui.gui.pages.live_view.snapshot_labels import labels_beside

LABELS = np.array([[0.9, 0.06, 0.04], [0.1, 0.2, 0.7]], dtype=np.float32)


def test_the_labels_beside_a_snapshot_are_read(tmp_path):
    snapshot = tmp_path / "00000010.npy"
    assert labels_beside(snapshot) is None
    with snapshot.with_suffix(".labels").open("wb") as file:
        np.save(file, LABELS)
    assert (labels_beside(snapshot) == LABELS).all()
    snapshot.with_suffix(".labels").write_bytes(b"half")
    assert labels_beside(snapshot) is None


def test_images_of_a_soft_label_run_are_numbered_and_speak_of_patches(hospital):
    config = DistillConfig(
        project=hospital.project.root, name="soft", method="soft_label", options=SoftLabelOptions(images=2)
    )  # fmt: skip
    run = create_run(config)
    assert mosaic_rows(run) == (("Image 1", "Image 2"), 1)
    assert class_names(run) == ()
    save_toml(run.config_of_patches, PatchesConfig(project=hospital.project.root, positive="ill"))
    assert class_names(run) == PATCH_CLASSES
    assert mosaic_rows(hospital.run("hard", per_class=4)) == ((), 4)
    assert mosaic_rows(None) == ((), 1)
