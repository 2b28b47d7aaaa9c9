"""Planted copies are found, in every way a hospital makes them; different people are not taken for copies."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.events import Warned
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.division.copies import list_copies
from meddistill_gui.data.division.leaks import check_leaks
from meddistill_gui.data.division.splitting import split
from meddistill_gui.data.images.pixels import cached_images
from meddistill_gui.data.labels.labelling import label
from meddistill_gui.data.phantoms.anatomy import CLASSES, draw_anatomy, draw_radiograph

pytestmark = pytest.mark.slow


def _people(count: int) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [
        draw_radiograph(draw_anatomy(96, generator), CLASSES[i % 2], 0.7, generator)
        for i in range(count)
    ]


def _save(picture: np.ndarray, path: Path, *, side: int = 96, quality: int = 95) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.rint(picture * 255).astype(np.uint8))
    image = image.resize((side, side), Image.Resampling.BICUBIC) if side != 96 else image
    image.save(path, **({"quality": quality} if path.suffix == ".jpg" else {}))


def _read(catalogue: Catalogue, source: Path, scan_folder, **options) -> list[Warned]:
    project = catalogue.path.parent
    scan_folder(source)
    label(LabelConfig(project=project), catalogue, Control())
    split(SplitConfig(project=project, **options), catalogue)
    events = cached_images(catalogue, ImagesConfig(), project / "cache", Control())
    return [event for event in events if isinstance(event, Warned)]


def test_planted_copies_are_found_and_people_are_told_apart(
    tmp_path: Path, catalogue: Catalogue, scan_folder
) -> None:
    source = tmp_path / "source"
    people = _people(24)
    for index, picture in enumerate(people):
        _save(picture, source / "ab"[index % 2] / f"p{index:02d}.png")
    planted = {
        "jpeg": lambda p, to: _save(p, to.with_suffix(".jpg"), quality=70),
        "smaller": lambda p, to: _save(p, to.with_suffix(".png"), side=64),
        "brighter": lambda p, to: _save(0.1 + 0.8 * p, to.with_suffix(".png")),
        "noisy": lambda p, to: _save(
            np.clip(p + np.random.default_rng(1).normal(0, 0.02, p.shape), 0, 1),
            to.with_suffix(".png"),
        ),
        "equal": lambda p, to: _save(p, to.with_suffix(".bmp")),
    }
    for index, (kind, plant) in enumerate(planted.items()):
        plant(people[index], source / "ab"[index % 2] / f"copy{index:02d}-{kind}")
    _read(catalogue, source, scan_folder)
    names = {row.id: row.path.stem for row in catalogue.images(catalogue.image_ids())}
    pairs = list_copies(catalogue)
    found = {tuple(sorted((names[p.image], names[p.other]))) for p in pairs}
    assert found == {(f"copy{i:02d}-{kind}", f"p{i:02d}") for i, kind in enumerate(planted)}
    exact = [p for p in pairs if p.exact]
    assert [names[p.image] for p in exact] + [names[p.other] for p in exact] in (
        ["copy04-equal", "p04"],
        ["p04", "copy04-equal"],
    )
    assert exact[0].similarity == 1
    assert all(p.same_patient is None for p in pairs)


def test_copies_across_parts_and_with_two_classes_are_said(
    tmp_path: Path, catalogue: Catalogue, scan_folder
) -> None:
    source = tmp_path / "source"
    people = _people(24)
    for index, picture in enumerate(people):
        part = "test" if index >= 20 else "train"
        _save(picture, source / part / "ab"[index % 2] / f"p{index:02d}.png")
    _save(people[0], source / "test" / "a" / "re-encoded.jpg", quality=75)
    _save(people[2], source / "train" / "b" / "wrong-class.png")
    warned = _read(catalogue, source, scan_folder, keep_folders=True)
    assert {event.code for event in warned} == {"copies-across-parts", "contradicting-labels"}
    assert check_leaks(catalogue).near_copies >= 1
    telling = list_copies(catalogue)[0]
    assert not telling.same_role, "the most telling pair stands first"


def test_images_that_are_gone_leave_the_list(
    tmp_path: Path, catalogue: Catalogue, scan_folder
) -> None:
    source = tmp_path / "source"
    for index, picture in enumerate(_people(16)):
        _save(picture, source / "ab"[index % 2] / f"p{index:02d}.png")
    _save(_people(1)[0], source / "a" / "copy.jpg")
    _read(catalogue, source, scan_folder)
    assert len(list_copies(catalogue)) == 1
    (source / "a" / "copy.jpg").unlink()
    scan_folder(source)
    assert list_copies(catalogue) == []
