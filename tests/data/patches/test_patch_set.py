"""The window stands where paper D says, the classes are the shares of the region, and what is stored is what the image shows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from meddistill_gui.core.configs.distill import ImagesConfig
from meddistill_gui.core.configs.label import LabelConfig
from meddistill_gui.core.configs.patches import PatchesConfig
from meddistill_gui.core.configs.split import SplitConfig
from meddistill_gui.core.control import Control
from meddistill_gui.core.errors import (
    ConfigError,
    LabelError,
    ProjectError,
    SourceError,
    SplitError,
    Stopped,
    TargetError,
)
from meddistill_gui.core.events import Warned
from meddistill_gui.core.patch_set import PATCH_CLASSES, UNDECIDED
from meddistill_gui.data.catalogue import Catalogue
from meddistill_gui.data.division.splitting import split
from meddistill_gui.data.formats.reading import read_image
from meddistill_gui.data.images import pixels
from meddistill_gui.data.labels.labelling import label
from meddistill_gui.data.patches import patch_cutting, patch_plan
from meddistill_gui.data.patches.patch_grid import lay_grid, shares, starts
from meddistill_gui.data.patches.patch_set import cut_patches, load_patches
from meddistill_gui.data.patches.region_masks import import_masks
from meddistill_gui.data.patches.regions import (
    POLYGON,
    Region,
    mask_region,
    region_counts,
    replace_regions,
)
from meddistill_gui.data.phantoms.fold_hospital import write_fold_hospital
from tests.data.conftest import drain

SIDE, SIZE, STRIDE = 128, 24, 8
ROLES = ("train", "validation", "test", "holdout")
SMALL = ImagesConfig(size=12)


def test_the_grid_of_the_paper_has_35_places_a_side() -> None:
    assert len(starts(2048, 299, 50)) == 35
    assert starts(2048, 299, 50)[-1] == 1700
    assert starts(299, 299, 50).tolist() == [0]
    assert starts(298, 299, 50).tolist() == []


def test_shares_are_counted_pixel_by_pixel() -> None:
    generator = np.random.default_rng(1)
    mask = generator.random((41, 57)) < 0.4
    found = shares(mask, 9, 4)
    for row, top in enumerate(range(0, 41 - 9 + 1, 4)):
        for column, left in enumerate(range(0, 57 - 9 + 1, 4)):
            exact = mask[top : top + 9, left : left + 9].mean()
            assert found[row, column] == pytest.approx(exact, abs=1e-12)
    assert found.shape == (9, 13)


def test_classes_are_strictly_below_and_above_the_two_shares(tmp_path: Path) -> None:
    config = PatchesConfig(project=tmp_path, positive="p", size=10, stride=10)
    # 100 pixels a window: 0, 1, 85 and 86 of them inside
    for pixels_inside, wanted in ((0, 0), (1, UNDECIDED), (85, UNDECIDED), (86, 2), (100, 2)):
        mask = np.zeros((10, 10), dtype=bool)
        mask.ravel()[:pixels_inside] = True
        share = shares(mask, 10, 10).ravel()
        assert share[0] == pixels_inside / 100
        region = mask_region(mask, author="", origin="")
        grid = lay_grid(config, 10, 10, [region], positive=True)
        assert grid.classes.tolist() == [wanted]
    nobody = lay_grid(config, 10, 10, [], positive=True)
    assert nobody.classes.tolist() == [UNDECIDED], "without a region nothing is known to be outside"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folds") / "hospital"
    for _ in write_fold_hospital(folder, patients=16, side=SIDE, seed=4, control=Control()):
        pass
    return folder


@pytest.fixture
def folds(made: Path, project: Path, catalogue: Catalogue, scan_folder) -> Catalogue:
    """Scanned, labelled, split, with regions."""
    scan_folder(made / "images")
    label(LabelConfig(project=project), catalogue, Control())
    split(SplitConfig(project=project, validation=0.2, test=0.2, holdout=0.2), catalogue)
    drain(import_masks(catalogue, made / "masks", author="", replace=False, control=Control()))
    return catalogue


@pytest.fixture
def plan(project: Path) -> PatchesConfig:
    return PatchesConfig(project=project, positive="coarse", size=SIZE, stride=STRIDE)


def cut(catalogue: Catalogue, plan: PatchesConfig, images: ImagesConfig = SMALL, roles=ROLES):
    cache = plan.project / "cache"
    events = list(cut_patches(catalogue, plan, images, cache, roles, Control()))
    return events, {r: load_patches(catalogue, plan, images, cache, r) for r in roles}


@pytest.mark.slow
def test_counts_before_are_what_is_cut_after(folds: Catalogue, plan: PatchesConfig) -> None:
    _, counts = drain(patch_plan.count_patches(folds, plan, Control()))
    side = len(range(0, SIDE - SIZE + 1, STRIDE))
    assert counts.places == 18 * side * side
    assert counts.without_region == counts.too_small == 0
    _, sets = cut(folds, plan)
    for role, found in sets.items():
        labels = found.patches.labels
        for number, name in enumerate(PATCH_CLASSES):
            assert (labels == number).sum() == counts.per_role[role][name] > 0
        voted = role in {"validation", "test"}
        wanted = counts.per_role[role][patch_plan.DISCARDED] if voted else 0
        assert (labels == UNDECIDED).sum() == wanted
        assert len(found.image_labels) == counts.images[role]
    assert counts.of("outside") == sum(one["outside"] for one in counts.per_role.values())
    assert f"{counts.places:,} places" in patch_plan.described(counts)


@pytest.mark.slow
def test_a_patch_is_the_piece_of_its_image_and_knows_where_it_was(
    folds: Catalogue, plan: PatchesConfig
) -> None:
    _, sets = cut(folds, plan, ImagesConfig(size=SIZE))
    for found in sets.values():
        patches = found.patches
        assert isinstance(patches.images, np.memmap)
        assert patches.images.shape[1:] == (1, SIZE, SIZE)
        for row in folds.images(np.unique(patches.ids)[:2]):
            whole = np.rint(read_image(row.path) * 255).astype(np.uint8)
            for index in np.flatnonzero(patches.ids == row.id)[::7]:
                top, left = found.position[index]
                piece = whole[top : top + SIZE, left : left + SIZE]
                assert (patches.images[index, 0] == piece).all()
                positive = bool(found.image_labels[found.image[index]])
                assert positive == (row.class_name == "coarse")
                assert patches.labels[index] != (1 if positive else 2)


@pytest.mark.slow
def test_patients_stand_in_one_part_and_shrinking_keeps_the_mean(
    folds: Catalogue, plan: PatchesConfig
) -> None:
    _, sets = cut(folds, plan)
    patients = [set(found.patches.patients.tolist()) for found in sets.values()]
    assert sum(map(len, patients)) == len(set.union(*patients)) == 16
    _, large = cut(folds, plan, ImagesConfig(size=SIZE))
    small, whole = sets["train"].patches.images, large["train"].patches.images
    difference = small.mean(axis=(1, 2, 3)) - whole.mean(axis=(1, 2, 3))
    assert np.abs(difference).max() < 3


@pytest.mark.slow
def test_they_are_cut_once_and_anew_only_when_something_changed(
    folds: Catalogue, plan: PatchesConfig
) -> None:
    events, first = cut(folds, plan)
    assert events
    assert cut(folds, plan)[0] == [], "nothing to do"
    assert cut(folds, replace(plan, stride=STRIDE * 2))[0]
    assert cut(folds, plan, ImagesConfig(size=16))[0]
    image = int(first["train"].patches.ids[0])
    corner = Region(kind=POLYGON, vertices=((0, 0), (60, 0), (0, 60)))
    replace_regions(folds, {image: [corner]})
    events, second = cut(folds, plan)
    assert {e.total for e in events} == {len(first["train"].image_labels)}, "only that part"
    assert len(second["train"]) != len(first["train"])
    assert (second["test"].patches.images == first["test"].patches.images).all()
    pixels.purge(plan.project / "cache")
    assert not list((plan.project / "cache").iterdir())


@pytest.mark.slow
def test_colour_and_grey_are_both_cut(folds: Catalogue, plan: PatchesConfig) -> None:
    _, grey = cut(folds, plan, SMALL, ("test",))
    _, colour = cut(folds, plan, replace(SMALL, channels=3), ("test",))
    assert colour["test"].patches.images.shape[1] == 3
    assert (colour["test"].patches.images == grey["test"].patches.images).all()


@pytest.mark.slow
def test_an_image_without_a_region_teaches_nothing_but_is_voted_over(
    folds: Catalogue, plan: PatchesConfig
) -> None:
    replace_regions(folds, dict.fromkeys(region_counts(folds), ()))
    with pytest.raises(LabelError, match="No image has a region"):
        drain(patch_plan.count_patches(folds, plan, Control()))
    _, sets = cut(folds, plan)
    assert len(sets["train"]) == 0
    assert set(sets["test"].patches.labels.tolist()) == {UNDECIDED}
    side = len(range(0, SIDE - SIZE + 1, STRIDE))
    assert len(sets["test"]) == side * side * len(sets["test"].image_labels)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"stride": 500}, ConfigError, "stride is 500 pixels, but the largest image has 128 x 128"),
        ({"size": 129}, ConfigError, "size is 129 pixels"),
        ({"positive": "gastritis"}, ConfigError, "the classes are coarse, straight"),
        ({"size": 120, "stride": 2}, LabelError, "No place of the window is"),
    ],
)
@pytest.mark.slow
def test_a_window_that_does_not_fit_is_refused(
    folds: Catalogue, plan: PatchesConfig, change: dict, error: type, said: str
) -> None:
    patch_plan.store_plan(folds, plan)
    with pytest.raises(error, match=said):
        drain(patch_plan.count_patches(folds, replace(plan, **change), Control()))
    assert patch_plan.stored_plan(folds) == plan, "what was kept is kept"


@pytest.mark.slow
def test_a_patient_in_two_parts_is_refused(folds: Catalogue, plan: PatchesConfig) -> None:
    patient = folds.value("SELECT patient FROM image GROUP BY patient HAVING count(*) > 1")
    image = folds.value("SELECT max(id) FROM image WHERE patient = ?", (patient,))
    with folds.transaction() as connection:
        connection.execute(
            "UPDATE role SET role = iif(role = 'test', 'train', 'test') WHERE image = ?", (image,)
        )
    with pytest.raises(SplitError, match="1 patients stand in more than one part"):
        drain(patch_plan.count_patches(folds, plan, Control()))
    with pytest.raises(SplitError, match="more than one part"):
        cut(folds, plan)


@pytest.mark.slow
def test_stopping_a_full_disk_and_damage_leave_nothing_half_done(
    folds: Catalogue, plan: PatchesConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = plan.project / "cache"
    control = Control()
    steps = cut_patches(folds, plan, SMALL, cache, ("train",), control)
    next(steps)
    control.request_stop()
    with pytest.raises(Stopped):
        list(steps)
    assert not list(cache.iterdir())

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(patch_cutting.np, "save", full)
        with pytest.raises(TargetError):
            cut(folds, plan)
    assert not list(cache.iterdir())
    with pytest.raises(ProjectError, match="missing or damaged"):
        load_patches(folds, plan, SMALL, cache, "train")
    cut(folds, plan)
    for file in cache.rglob("patches.npy"):
        file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ProjectError, match="damaged"):
        load_patches(folds, plan, SMALL, cache, "train")


@pytest.mark.slow
def test_one_broken_image_is_named_and_all_broken_is_an_error(
    tmp_path: Path, project: Path, catalogue: Catalogue, scan_folder
) -> None:
    source = tmp_path / "pictures"
    generator = np.random.default_rng(0)
    for name in ("n", "p"):
        (source / name).mkdir(parents=True)
        for number in range(4):
            noise = generator.integers(0, 256, (40, 40), dtype=np.uint8)
            Image.fromarray(noise).save(source / name / f"{number}.png")
    scan_folder(source)
    label(LabelConfig(project=project), catalogue, Control())
    with catalogue.transaction() as connection:
        connection.execute("INSERT INTO role SELECT id, 'train', id FROM image")
    square = Region(kind=POLYGON, vertices=((0, 0), (22, 0), (22, 40), (0, 40)))
    replace_regions(catalogue, {int(i): [square] for i in catalogue.image_ids()})
    plan = PatchesConfig(project=project, positive="p", size=10, stride=5)
    files = sorted(source.rglob("*.png"))
    files[0].write_bytes(files[0].read_bytes()[:70])
    events, sets = cut(catalogue, plan, SMALL, ("train",))
    assert [e.code for e in events if isinstance(e, Warned)] == ["undecodable-image"]
    assert len(sets["train"].image_labels) == 8
    assert len(np.unique(sets["train"].image)) == 7
    Image.new("L", (50, 40), 3).save(files[1])
    for file in files[2:]:
        file.unlink()
    with pytest.raises(SourceError, match="None of the 8 images"):
        cut(catalogue, replace(plan, stride=4), SMALL, ("train",))
