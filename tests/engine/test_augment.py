"""Augmentation: replayable, affine in the pixels, and what each preset must and must not do."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from meddistill_gui.engine import augment
from meddistill_gui.engine.augment import PRESETS, Draw
from meddistill_gui.engine.seeding import generator

SIZE = 8


def images(count: int = 40, channels: int = 1, seed: int = 1) -> Tensor:
    random = generator(seed, "images")
    return torch.randn(count, channels, SIZE, SIZE, generator=random, dtype=torch.float64)


def drawn(preset: str, count: int = 40, seed: int = 0, size: int = SIZE) -> Draw:
    return augment.draw(preset, count, size, generator(seed, "draw"))


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_draw_is_replayed_to_the_byte(preset: str) -> None:
    before = images()
    assert torch.equal(augment.apply(before, drawn(preset)), augment.apply(before, drawn(preset)))
    assert torch.equal(before, images())


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_does_not_touch_the_global_generator(preset: str) -> None:
    state = torch.random.get_rng_state()
    augment.apply(images(), drawn(preset))
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("preset", sorted(PRESETS))
@pytest.mark.parametrize("channels", [1, 3])
def test_the_gradient_is_the_transpose_of_the_linear_part(preset: str, channels: int) -> None:
    """<A x, v> = <x, A' v> for the linear part A of the affine map."""
    changes = drawn(preset)
    x, v = images(channels=channels), images(channels=channels, seed=2)
    constant = augment.apply(torch.zeros_like(x), changes)
    forward = ((augment.apply(x, changes) - constant) * v).sum()
    leaf = torch.zeros_like(x).requires_grad_()
    (transposed,) = torch.autograd.grad((augment.apply(leaf, changes) * v).sum(), leaf)
    assert float(forward) == pytest.approx(float((x * transposed).sum()), rel=1e-10)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    preset=st.sampled_from(sorted(PRESETS)),
    cut=st.integers(0, 6),
)
def test_images_are_changed_one_by_one(seed: int, preset: str, cut: int) -> None:
    """In parts or together, the same images come out: micro-batches rely on it."""
    x, changes = images(6), drawn(preset, 6, seed)
    parts = [augment.apply(x[a:b], changes.part(a, b)) for a, b in ((0, cut), (cut, 6)) if a < b]
    assert torch.allclose(torch.cat(parts), augment.apply(x, changes), rtol=0, atol=1e-14)


def test_nothing_is_the_identity_and_changes_do_change() -> None:
    x = images()
    assert augment.apply(x, drawn("none")) is x
    changed = (augment.apply(x, drawn("radiograph")) != x).flatten(1).any(1)
    assert changed.float().mean() > 0.9


def test_grey_images_have_no_saturation() -> None:
    changes = drawn("natural")
    other = drawn("natural")
    other.saturation.fill_(17.0)
    assert torch.equal(augment.apply(images(), changes), augment.apply(images(), other))
    colour = images(channels=3)
    assert not torch.equal(augment.apply(colour, changes), augment.apply(colour, other))


def test_radiographs_are_never_mirrored_nor_cut() -> None:
    changes = drawn("radiograph", 2000)
    assert (changes.affine[:, 0, 0] > 0).all()
    assert (changes.cutout[:, 1] < changes.cutout[:, 0]).all()
    assert not changes.cuts
    angle = torch.rad2deg(torch.atan2(changes.affine[:, 1, 0], changes.affine[:, 1, 1])).abs()
    assert 8.0 < float(angle.max()) <= 10.0 + 1e-3


def test_slices_keep_their_side_and_nearly_their_grey_values() -> None:
    changes = drawn("tomography", 2000)
    assert (changes.affine[:, 0, 0] > 0).all()
    assert 0.15 < float(changes.brightness.abs().max()) <= 0.2
    assert 0.7 < float(changes.contrast.min()) < float(changes.contrast.max()) < 1.3
    assert (changes.saturation == 1).all()


def test_slides_are_laid_down_in_all_eight_ways_and_never_scaled() -> None:
    changes = drawn("microscopy", 2000)
    places = changes.affine[:, :, :2]
    assert {tuple(map(int, p.flatten())) for p in places} == {
        (a, b, c, d)
        for a, b, c, d in itertools.product((-1, 0, 1), repeat=4)
        if abs(a * d - b * c) == 1 and a * b == 0 and c * d == 0 and a * c == 0
    }
    assert torch.equal(places, places.round())


def test_a_quarter_turn_moves_pixels_and_mixes_none() -> None:
    changes = drawn("microscopy", 400)
    turned = torch.nonzero(changes.affine[:, 0, 0] == 0).flatten()
    number = int(turned[0])
    x = images(1)
    after = augment.apply(x, changes.part(number, number + 1))
    ways = [torch.rot90(y, k, (2, 3)) for y in (x, x.flip(3)) for k in range(4)]
    assert any(torch.allclose(after, way, atol=1e-5) for way in ways)


def test_a_camera_turns_freely() -> None:
    changes = drawn("endoscopy", 4000)
    angle = torch.rad2deg(torch.atan2(changes.affine[:, 1, 0], changes.affine[:, 1, 1])).abs()
    assert float(angle.max()) > 170
    assert not changes.cuts


def test_natural_images_get_every_change_of_the_published_list() -> None:
    changes = drawn("natural", 2000)
    mirrored = (changes.affine[:, 0, 0] < 0).float().mean()
    cut = (changes.cutout[:, 1] >= changes.cutout[:, 0]).float().mean()
    assert 0.04 < float(mirrored) < 0.13
    assert 0.12 < float(cut) < 0.22


def test_a_shift_moves_by_whole_pixels_and_fills_with_the_mean() -> None:
    changes = drawn("radiograph", 400)
    shifted = torch.nonzero((changes.affine[:, :, 2] != 0).any(1)).flatten()
    number = int(shifted[0])
    x = images(1)
    dy, dx = (int(v) for v in (changes.affine[number, :, 2] * SIZE / 2).round().flip(0))
    moved = augment.apply(x, changes.part(number, number + 1))[0, 0]
    expected = torch.zeros(SIZE, SIZE, dtype=torch.float64)
    for row in range(SIZE):
        for column in range(SIZE):
            if 0 <= row + dy < SIZE and 0 <= column + dx < SIZE:
                expected[row, column] = x[0, 0, row + dy, column + dx]
    assert torch.allclose(moved, expected, atol=1e-5)


def test_cutout_zeroes_half_the_side_and_no_other_pixel() -> None:
    changes = drawn("natural", 200)
    cut = changes.cutout[:, 1] >= changes.cutout[:, 0]
    x = torch.ones(200, 1, SIZE, SIZE)
    after = augment.apply(x, changes)[cut]
    assert set(after.unique().tolist()) <= {0.0, 1.0}
    holes = (after == 0).sum((1, 2, 3))
    assert int(holes.max()) == (SIZE // 2) ** 2


def test_siamese_draws_repeat_each_class_draw() -> None:
    one = drawn("radiograph", 3)
    repeated = one.repeated(4)
    assert len(repeated) == 12
    assert torch.equal(repeated.affine[4:8], one.affine[1:2].expand(4, 2, 3))


def test_second_derivatives_pass_through() -> None:
    x = images(4).requires_grad_()
    weight = torch.ones((), dtype=torch.float64, requires_grad=True)
    loss = (weight * augment.apply(x, drawn("natural", 4))).square().sum()
    (slope,) = torch.autograd.grad(loss, weight, create_graph=True)
    (found,) = torch.autograd.grad(slope, x)
    assert found.isfinite().all()
    assert found.abs().sum() > 0


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(ValueError, match="no augmentation preset 'xray'"):
        drawn("xray")


def test_no_images_is_no_error() -> None:
    assert augment.apply(images(0), drawn("natural", 0)).shape == (0, 1, SIZE, SIZE)
