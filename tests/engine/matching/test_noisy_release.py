"""The noised look at the patients: what one patient can change, how much noise, and that each way to break it is seen."""

import math

import numpy as np
import pytest
import torch

from meddistill_gui.core.gaussian_mechanism import gaussian_sigma
from meddistill_gui.engine.matching import noisy_release
from meddistill_gui.engine.matching.noisy_release import (
    contribution,
    gaussian_noise,
    released,
    summed,
)
from meddistill_gui.engine.seeding import generator
from meddistill_gui.engine.tensors import (
    Normaliser,
    StreamedImages,
    TrainingTensors,
)

CLASSES, SIDE = 3, 3
LONG = 50.0  # how far features lie outside the length they are clipped to


def embed(images: torch.Tensor) -> torch.Tensor:
    return LONG * images.flatten(1)


def training(images_of: list[int], seed: int = 0) -> TrainingTensors:
    """So many images of each patient, of all classes, rows shuffled."""
    random = generator(seed, "training")
    owners = torch.repeat_interleave(torch.arange(len(images_of)), torch.tensor(images_of))
    owners = owners[torch.randperm(len(owners), generator=random)]
    return TrainingTensors(
        images=torch.randn(len(owners), 1, SIDE, SIDE, generator=random),
        labels=torch.randint(CLASSES, (len(owners),), generator=random),
        classes=CLASSES,
        patients=owners,
    )


def without(train: TrainingTensors, patient: int) -> TrainingTensors:
    kept = train.patients != patient
    return TrainingTensors(
        images=train.images[kept],
        labels=train.labels[kept],
        classes=CLASSES,
        patients=train.patients[kept],
    )


def check_sensitivity() -> None:
    """A patient less changes the sums by at most 1, and by his own contribution, however many images he has."""
    train = training([1, 2, 40, 7, 1, 300])
    whole = summed(embed, train)
    for patient in range(6):
        his = train.patients == patient
        change = whole - summed(embed, without(train, patient))
        assert float(change.norm()) <= 1 + 1e-9
        own = contribution(embed(train.images[his]), train.labels[his], CLASSES)
        assert torch.allclose(change, own, atol=1e-9)


def check_noise() -> None:
    """The numbers that come out lie around the sums with the mechanism's deviation, afresh each time, all independent."""
    train = training([1] * 30)
    sigma = gaussian_sigma(1.0, 1e-5)
    exact = summed(embed, train)
    drawn = []
    for _ in range(400):
        release = released(embed, train, epsilon=1.0, delta=1e-5)
        sums = release.means * release.patients.clamp(min=1)[:, None] * noisy_release.FEATURE_LENGTH
        counts = release.patients * noisy_release.COUNT_LENGTH
        drawn.append(torch.cat([sums, counts[:, None]], 1) - exact)
    noise = torch.stack(drawn).flatten(1)
    count = noise.numel()
    assert float(noise.std()) == pytest.approx(sigma, rel=5 / math.sqrt(2 * count))
    assert abs(float(noise.mean())) < 5 * sigma / math.sqrt(count)
    together = torch.corrcoef(noise.T) - torch.eye(noise.shape[1])
    assert float(together.abs().max()) < 6 / math.sqrt(len(noise)), "two numbers share their noise"
    again = torch.corrcoef(noise[:20]) - torch.eye(20)
    assert float(again.abs().max()) < 0.95, "two releases share their noise"


def test_images_that_stay_on_the_disk_give_the_same_sums():
    train = training([1, 2, 40, 7])
    pixels = np.random.default_rng(0).integers(0, 256, (50, 1, SIDE, SIDE), dtype=np.uint8)
    normaliser = Normaliser((0.5,), (0.25,))
    near = TrainingTensors(normaliser(torch.from_numpy(pixels)), train.labels, CLASSES, patients=train.patients)  # fmt: skip
    far = TrainingTensors(
        torch.empty(0, 1, SIDE, SIDE),
        train.labels,
        CLASSES,
        streamed=StreamedImages(pixels, normaliser, torch.device("cpu")),
        patients=train.patients,
    )
    assert torch.equal(summed(embed, near), summed(embed, far))


def test_a_patient_changes_the_sums_by_at_most_one():
    check_sensitivity()


@pytest.mark.parametrize("length", [1e-6, 1.0, 1e30, math.inf, math.nan])
def test_a_patient_of_any_features_is_at_most_one_long(length):
    features = torch.full((4, 5), length)
    for labels in (torch.zeros(4, dtype=torch.int64), torch.tensor([0, 1, 2, 2])):
        added = contribution(features, labels, CLASSES)
        assert added.isfinite().all()
        assert float(added.norm()) <= 1 + 1e-12


def test_short_features_pass_unchanged_and_are_weighed_by_share():
    features = torch.tensor([[0.1, 0.0], [0.0, 0.3], [0.2, 0.2]])
    added = contribution(features, torch.tensor([0, 0, 2]), CLASSES)
    feature, count = noisy_release.FEATURE_LENGTH, noisy_release.COUNT_LENGTH
    shares = np.array([2 / 3, 0, 1 / 3])  # 0.745 long: shorter than 1, so they stay
    wanted = np.array([[0.1 / 3, 0.1], [0, 0], [0.2 / 3, 0.2 / 3]])
    assert np.allclose(added[:, :-1], feature * wanted, atol=1e-7)
    assert np.allclose(added[:, -1], count * shares, atol=1e-7)


def test_the_lengths_leave_a_patient_of_one():
    assert pytest.approx(1) == noisy_release.FEATURE_LENGTH**2 + noisy_release.COUNT_LENGTH**2


def test_order_of_rows_does_not_matter():
    train = training([3, 900, 1, 5])
    order = torch.randperm(len(train.labels), generator=generator(1, "order"))
    mixed = TrainingTensors(
        images=train.images[order],
        labels=train.labels[order],
        classes=CLASSES,
        patients=train.patients[order],
    )
    assert torch.allclose(summed(embed, train), summed(embed, mixed), atol=1e-9)


def test_without_noise_the_means_are_those_of_the_patients():
    train = training([1] * 12 + [2, 3])
    release = released(lambda images: images.flatten(1) / 100, train, epsilon=math.inf, delta=1e-5)
    for label in range(CLASSES):
        total, weight = torch.zeros(SIDE * SIDE), 0.0
        for patient in train.patients.unique():
            his = train.patients == patient
            own = his & (train.labels == label)
            total += train.images[own].flatten(1).sum(0) / 100 / int(his.sum())
            weight += int(own.sum()) / int(his.sum())
        assert torch.allclose(release.means[label].float(), total / weight, atol=1e-5)
        assert float(release.patients[label]) == pytest.approx(weight)


def test_noise_is_that_of_the_mechanism_and_new_each_time():
    check_noise()


def test_noise_is_normal():
    noise = gaussian_noise(200_001).sort().values.numpy()
    assert len(noise) == 200_001
    for quantile, wanted in ((0.001, -3.0902), (0.025, -1.96), (0.5, 0.0), (0.975, 1.96)):
        assert noise[int(quantile * len(noise))] == pytest.approx(wanted, abs=0.12)
    assert float(noise.std()) == pytest.approx(1.0, abs=0.01)


def test_an_attacker_who_knows_everything_else_wins_no_more_often_than_the_bound():
    """The best test between two neighbouring sets, at every threshold: P(in) <= e^ε P(out) + δ, up to the counting error."""
    epsilon, delta, trials = 1.0, 1e-5, 4000
    train = training([1] * 8)
    own = contribution(embed(train.images[train.patients == 3]), train.labels[train.patients == 3], CLASSES)  # fmt: skip
    sigma = gaussian_sigma(epsilon, delta)
    noise = sigma * gaussian_noise(2 * trials * own.numel()).view(2, trials, -1)
    direction = own.flatten() / own.norm()
    seen_in = (noise[0] @ direction + own.norm()).sort().values.numpy()
    seen_out = (noise[1] @ direction).sort().values.numpy()
    for threshold in np.linspace(-3 * sigma, 3 * sigma, 31):
        inside, outside = (seen_in > threshold).mean(), (seen_out > threshold).mean()
        error = 4 * math.sqrt(0.25 / trials)
        assert inside <= math.exp(epsilon) * outside + delta + error * (1 + math.exp(epsilon))


def forget_the_clip(monkeypatch):
    monkeypatch.setattr(noisy_release, "clipped", lambda vector: vector)


def clip_each_image_and_not_the_patient(monkeypatch):
    def by_image(features, labels, classes):
        parts = [contribution(one[None], label[None], classes) for one, label in zip(features, labels, strict=True)]  # fmt: skip
        return torch.stack(parts).sum(0)

    monkeypatch.setattr(noisy_release, "contribution", by_image)


def clip_each_class_by_itself(monkeypatch):
    def by_class(features, labels, classes):
        whole = features.double()
        sums = torch.zeros(classes, features.shape[1] + 1, dtype=torch.float64)
        for label in labels.unique():
            sums[label] = torch.cat([noisy_release.clipped(whole[labels == label].mean(0)), torch.ones(1)])  # fmt: skip
        return sums

    monkeypatch.setattr(noisy_release, "contribution", by_class)


def split_patients_over_chunks(monkeypatch):
    monkeypatch.setattr(
        noisy_release, "_of_whole_patients", lambda patients: torch.arange(len(patients)).split(5)
    )


def draw_the_noise_once(monkeypatch):
    kept: dict[int, torch.Tensor] = {}
    monkeypatch.setattr(
        noisy_release, "gaussian_noise", lambda count: kept.setdefault(count, gaussian_noise(count))
    )


def one_number_for_all(monkeypatch):
    monkeypatch.setattr(
        noisy_release, "gaussian_noise", lambda count: gaussian_noise(1).expand(count)
    )


def noise_that_is_too_small(monkeypatch):
    monkeypatch.setattr(
        noisy_release, "gaussian_sigma", lambda epsilon, delta: gaussian_sigma(epsilon, delta) / 2
    )


def leave_the_counts_as_they_are(monkeypatch):
    def features_only(count):
        noise = gaussian_noise(count).view(CLASSES, -1)
        noise[:, -1] = 0
        return noise.flatten()

    monkeypatch.setattr(noisy_release, "gaussian_noise", features_only)


@pytest.mark.parametrize(
    "mutant",
    [
        forget_the_clip,
        clip_each_image_and_not_the_patient,
        clip_each_class_by_itself,
        split_patients_over_chunks,
    ],
)
def test_a_broken_sensitivity_is_noticed(monkeypatch, mutant):
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        check_sensitivity()


@pytest.mark.parametrize(
    "mutant",
    [
        draw_the_noise_once,
        one_number_for_all,
        noise_that_is_too_small,
        leave_the_counts_as_they_are,
    ],
)
def test_broken_noise_is_noticed(monkeypatch, mutant):
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        check_noise()
