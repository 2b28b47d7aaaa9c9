"""The trajectory store: exact, checked, and never worse for a crash."""

import re

import pytest
import torch

from meddistill_gui.core.errors import ProjectError, TargetError
from meddistill_gui.engine.experts.forms import EVERY_EPOCH, AtWaypoints, HalfPrecision
from meddistill_gui.engine.experts.store import estimated_bytes, open_store


def snapshots(seed, epochs=3, parameters=50):
    return torch.randn(epochs + 1, parameters, generator=torch.Generator().manual_seed(seed))


FORMS = {
    "every epoch": EVERY_EPOCH,
    "half precision": HalfPrecision(),
    "waypoints": AtWaypoints(3, (30, 20)),
}


def opened(folder, digest="d1", epochs=3, parameters=50, form=EVERY_EPOCH):
    return open_store(folder, parameter_count=parameters, epochs=epochs, digest=digest, form=form)


def with_three(folder, form=EVERY_EPOCH):
    store = opened(folder, form=form)
    for expert in range(3):
        store.append(expert, snapshots(expert))
    return opened(folder)


@pytest.fixture
def filled(tmp_path):
    return with_three(tmp_path / "experts")


def test_what_is_appended_comes_back_to_the_bit(filled):
    assert filled.count == 3
    for expert in range(3):
        for epoch in range(4):
            assert torch.equal(filled.theta(expert, epoch), snapshots(expert)[epoch])


def test_a_theta_is_the_callers_own(filled):
    filled.theta(0, 1).zero_()
    assert torch.equal(filled.theta(0, 1), snapshots(0)[1])


def test_the_same_expert_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        opened(tmp_path / name).append(0, snapshots(0))
    assert (
        opened(tmp_path / "a").path(0).read_bytes() == opened(tmp_path / "b").path(0).read_bytes()
    )


def test_an_empty_store_has_no_experts(tmp_path):
    store = opened(tmp_path / "new" / "experts")
    assert store.count == 0
    assert not store.complete(0)
    with pytest.raises(ProjectError, match="missing"):
        store.theta(0, 0)


def test_experts_are_never_replaced(filled):
    with pytest.raises(ValueError, match="there already"):
        filled.append(1, snapshots(9))
    assert torch.equal(filled.theta(1, 0), snapshots(1)[0])


@pytest.mark.parametrize(
    "wrong",
    [
        snapshots(0, epochs=2),
        snapshots(0, parameters=49),
        snapshots(0).double(),
        snapshots(0).index_fill(0, torch.tensor([2]), float("nan")),
    ],
    ids=["an epoch short", "a parameter short", "float64", "not a number"],
)
def test_wrong_snapshots_are_refused(tmp_path, wrong):
    store = opened(tmp_path)
    with pytest.raises(ValueError, match=r"snapshots are|not finite"):
        store.append(0, wrong)
    assert store.count == 0


@pytest.mark.parametrize("epoch", [-1, 4])
def test_there_are_no_other_epochs(filled, epoch):
    with pytest.raises(IndexError):
        filled.theta(0, epoch)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_flipped_bit_is_noticed_and_the_others_stay(tmp_path, form):
    path = with_three(tmp_path / "experts", form).path(1)
    whole = path.read_bytes()
    generator = torch.Generator().manual_seed(0)
    places = torch.randint(len(whole), (60,), generator=generator).tolist()
    for place in [*places, 0, 8, len(whole) - 1]:
        broken = bytearray(whole)
        broken[place] ^= 4
        path.write_bytes(broken)
        if _same_meaning(whole, bytes(broken)):
            continue
        with pytest.raises(ProjectError, match=r"damaged|other images|another version"):
            opened(path.parent).complete(1)
        path.write_bytes(whole)
        store = opened(path.parent)
        assert store.complete(0)
        assert store.complete(2)


def _same_meaning(whole, broken):
    """Padding and JSON spaces of the header carry nothing."""
    length = int.from_bytes(whole[:8], "little")
    return re.sub(rb"\s", b"", whole[8 : 8 + length]) == re.sub(
        rb"\s", b"", broken[8 : 8 + length]
    ) and (whole[:8] + whole[8 + length :] == broken[:8] + broken[8 + length :])


def test_files_of_all_forms_stand_in_one_store(tmp_path):
    for expert, form in enumerate(FORMS.values()):
        opened(tmp_path, form=form).append(expert, snapshots(expert))
    for form in FORMS.values():
        store = opened(tmp_path, form=form)
        assert all(store.complete(expert) for expert in range(3))
        assert torch.equal(store.theta(0, 2), snapshots(0)[2])
        torch.testing.assert_close(store.theta(1, 2), snapshots(1)[2], rtol=0, atol=2e-3)
        assert torch.equal(store.theta(2, 2), snapshots(2)[2])  # a waypoint
        assert not torch.equal(store.theta(2, 1), snapshots(2)[1])


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_between_two_epochs_the_way_is_straight(tmp_path, form):
    store = with_three(tmp_path, form)
    for before in range(3):
        one, other = store.theta(1, before), store.theta(1, before + 1)
        for part in (0.0, 0.25, 0.9):
            expected = (1 - part) * one.double() + part * other.double()
            torch.testing.assert_close(
                store.theta(1, before + part).double(), expected, rtol=0, atol=1e-6
            )
    with pytest.raises(IndexError):
        store.theta(1, 3.01)


def test_waypoints_of_another_network_are_no_silent_success(tmp_path):
    opened(tmp_path, parameters=60, form=AtWaypoints(3, (30, 30))).append(
        0, snapshots(0, parameters=60)
    )
    with pytest.raises(ProjectError, match="damaged"):
        opened(tmp_path).complete(0)


@pytest.mark.parametrize("kept", [0, 5, 100, -1])
def test_a_cut_file_is_named_with_a_remedy(filled, kept):
    path = filled.path(1)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ProjectError, match=r"expert-00001.*Delete this one file"):
        opened(path.parent).complete(1)
    assert torch.equal(opened(path.parent).theta(2, 3), snapshots(2)[3])


def test_a_deleted_expert_is_simply_missing(filled):
    filled.path(1).unlink()
    again = opened(filled.folder)
    assert not again.complete(1)
    again.append(1, snapshots(1))
    assert again.complete(1)


def test_experts_of_other_images_are_left_alone(filled):
    before = filled.path(0).read_bytes()
    with pytest.raises(ProjectError, match=r"other images or with other options.*new run"):
        opened(filled.folder, digest="d2")
    assert filled.path(0).read_bytes() == before


def test_fewer_epochs_than_wanted_is_no_silent_success(filled):
    with pytest.raises(ProjectError, match="damaged"):
        opened(filled.folder, epochs=5).complete(0)


def test_a_write_cut_short_by_a_crash_leaves_nothing(filled):
    leftover = filled.folder / ".expert-00003.safetensors.x7y"
    leftover.write_bytes(b"half of an expert")
    again = opened(filled.folder)
    assert not leftover.exists()
    assert again.count == 3
    assert not again.complete(3)


def test_a_growing_expert_is_kept_and_dropped(tmp_path):
    store = opened(tmp_path)
    store.save_growing(4, snapshots(4)[:2])
    assert torch.equal(opened(tmp_path).load_growing(4), snapshots(4)[:2])
    assert store.load_growing(3) is None
    store.drop_growing(4)
    assert store.load_growing(4) is None


def test_a_damaged_or_strange_growing_expert_is_ignored(tmp_path):
    store = opened(tmp_path)
    store.save_growing(4, snapshots(4)[:2])
    path = next(tmp_path.glob("growing-*"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert store.load_growing(4) is None
    path.write_bytes(whole)
    path.rename(tmp_path / "growing-00005.safetensors")
    assert store.load_growing(5) is None
    assert opened(tmp_path, digest="d2").load_growing(5) is None


def test_a_vanished_folder_is_a_sentence(tmp_path):
    store = opened(tmp_path / "stick")
    (tmp_path / "stick").rmdir()
    with pytest.raises(TargetError, match="no longer there"):
        store.append(0, snapshots(0))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_estimate_is_close(tmp_path, form):
    used = sum(path.stat().st_size for path in with_three(tmp_path, form).folder.iterdir())
    expected = estimated_bytes(experts=3, epochs=3, parameter_count=50, form=form)
    assert used <= expected < used + 3 * 1024
