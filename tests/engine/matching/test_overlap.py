"""Only the chosen images begin anew, only they move for a while, and the overlap never grows by it."""

import dataclasses

import pytest
import torch

from meddistill_gui.engine import starting
from meddistill_gui.engine.matching.overlap import Mitigation, overlap_of
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.tensors import normaliser_of, rows_of


class _Experts:
    count = 1

    def __init__(self, network) -> None:
        self._network = network

    def theta(self, expert: int, epoch: int) -> torch.Tensor:
        return self._network.initial(generator(expert, "expert", epoch))


@pytest.fixture
def setting(small_config, real):
    train = real(40)
    made = starting.make_setting(small_config(images_per_class=3), train, normaliser_of(train))
    return dataclasses.replace(made, experts=_Experts(made.network))


def drawn_from(setting, first: int) -> torch.Tensor:
    """Three real images of each class, different ones for each multiple of 3."""
    rows = [of_class[first : first + 3] for of_class in setting.members]
    return rows_of(setting.train, torch.cat(rows)).clone()


@pytest.fixture
def state(setting):
    """Real images, of which 0 and 1 are the same and the others are not."""
    images = drawn_from(setting, 0)
    images[1] = images[0] + 1e-3
    return {
        "images": images,
        "images.velocity": torch.ones_like(images),
        "rates": torch.zeros(1),
        "rates.velocity": torch.zeros(1),
    }


MITIGATION = Mitigation(every=2, share=1.0, blend=0.9, retrain=2)


def moved(state, by: float = 0.01):
    return {**state, "images": state["images"] + by, "rates": state["rates"] + 1}


def test_restarts_one_of_the_twins_and_trains_it_alone(setting, state) -> None:
    begun = MITIGATION.setup(state)
    after = MITIGATION.followed(setting, begun, moved(begun), 2)
    restarted = after["overlap.restarted"].bool()
    assert restarted.tolist() in ([True, False, *[False] * 4], [False, True, *[False] * 4])
    changed = (after["images"] != moved(begun)["images"]).flatten(1).any(1)
    assert torch.equal(changed, restarted)
    assert not after["images.velocity"][restarted].any()
    assert after["images.velocity"][~restarted].all()
    assert overlap_of(setting, after["images"], 2) < overlap_of(setting, begun["images"], 2)

    once = MITIGATION.followed(setting, after, moved(after), 3)
    still = (once["images"] == after["images"]).flatten(1).all(1)
    assert torch.equal(still, ~restarted)
    assert torch.equal(once["rates"], after["rates"])
    assert float(once["overlap.left"]) == 1


def test_goes_back_if_the_overlap_grew(setting, state) -> None:
    begun = MITIGATION.setup(state)
    after = MITIGATION.followed(setting, begun, moved(begun), 2)
    number = int(after["overlap.restarted"].argmax())
    worse = {**moved(after), "images": after["images"].clone()}
    worse["images"][number] = after["images"][1 - number]
    worse["images"][2] = after["images"][1 - number]
    last = {**after, "overlap.left": torch.ones(())}
    last["overlap.images"] = drawn_from(setting, 3)
    back = MITIGATION.followed(setting, last, worse, 3)
    assert torch.equal(back["images"], last["overlap.images"])


def test_nothing_happens_between_looks_or_without_twins(setting, state) -> None:
    begun = MITIGATION.setup(state)
    between = MITIGATION.followed(setting, begun, moved(begun), 3)
    assert torch.equal(between["images"], moved(begun)["images"])
    apart = MITIGATION.setup({**state, "images": drawn_from(setting, 3)})
    looked = MITIGATION.followed(setting, apart, moved(apart), 2)
    assert torch.equal(looked["images"], moved(apart)["images"])
    assert float(looked["overlap.left"]) == 0
