from dataclasses import replace

import numpy as np
import pytest

from benchmarks.bundle_sample import make_papers, make_set
from meddistill_gui.bundle import verifier, writer
from meddistill_gui.bundle.joining import joined
from meddistill_gui.core.distilled import DistilledSet
from meddistill_gui.core.errors import BundleError


def other_hospital(**changes) -> DistilledSet:
    """The same classes in another order, other normalisation, other rate."""
    one = make_set(per_class=2)
    order = [2, 0, 3, 1]
    names = tuple(one.recipe.class_names[k] for k in order)
    values = {"class_names": names, "mean": (0.6,), "deviation": (0.1,), "steps": 50}
    return DistilledSet(
        images=one.images * 2,
        labels=one.labels,
        learning_rates=np.array([0.08], np.float32),
        recipe=replace(one.recipe, **(values | changes)),
    )


def seen(one: DistilledSet) -> np.ndarray:
    return (one.images - one.recipe.mean[0]) / one.recipe.deviation[0]


def test_a_network_sees_each_image_as_before_with_its_own_class():
    first, second = make_set(), other_hospital()
    both = joined([first, second])
    assert np.allclose(seen(both), np.concatenate([seen(first), seen(second)]), atol=1e-5)
    wanted = [
        one.recipe.class_names[k] for one in (first, second) for k in one.labels.argmax(axis=1)
    ]
    assert [both.recipe.class_names[k] for k in both.labels.argmax(axis=1)] == wanted
    assert both.recipe.class_names == first.recipe.class_names
    assert both.recipe.images_per_class == 3
    assert both.recipe.steps == 50


def test_rates_are_the_geometric_mean():
    first = make_set()
    both = joined([first, other_hospital()])
    assert both.learning_rates == pytest.approx([np.sqrt(first.learning_rates[0] * 0.08)])


def test_rates_per_step_stay_per_step():
    one = make_set(rates=20)
    assert joined([one, one]).learning_rates == pytest.approx(one.learning_rates)
    assert joined([one, make_set()]).learning_rates.shape == (1,)


def test_one_set_stays_as_it_is():
    one = make_set()
    assert joined([one]) is one


def test_a_joined_set_can_travel_again(tmp_path):
    path = tmp_path / "j.distilled.zip"
    path.write_bytes(writer.pack(joined([make_set(), other_hospital()]), make_papers()))
    assert len(verifier.verify(path).distilled.images) == 12


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"class_names": ("normal", "a", "b", "c")}, "other classes"),
        ({"width": 16}, "width is 8 in the first and 16"),
        ({"augmentation": "none"}, "augmentation is 'radiograph'"),
        ({"fit": "crop"}, "fit is 'pad'"),
    ],
)
def test_sets_that_do_not_fit(changes, sentence):
    with pytest.raises(BundleError, match=sentence):
        joined([make_set(), other_hospital(**changes)])


def test_real_initialisation_marks_the_whole():
    real = other_hospital(initialisation="real")
    assert joined([make_set(), real]).recipe.initialisation == "real"
