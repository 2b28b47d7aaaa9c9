"""Adam by its published formula, computed independently."""

import numpy as np
import torch

from meddistill_gui.engine.matching.adam import BETAS, adam


def test_follows_the_published_algorithm():
    """arXiv 1412.6980, algorithm 1, in numpy."""
    random = np.random.default_rng(0)
    gradients, expected = random.normal(size=(5, 7)), random.normal(size=7)
    value = torch.from_numpy(expected.copy())
    velocity = square = torch.zeros_like(value)
    first, second = np.zeros(7), np.zeros(7)
    for count, gradient in enumerate(gradients, start=1):
        first = BETAS[0] * first + (1 - BETAS[0]) * gradient
        second = BETAS[1] * second + (1 - BETAS[1]) * gradient**2
        unbiased = first / (1 - BETAS[0] ** count), second / (1 - BETAS[1] ** count)
        expected = expected - 0.05 * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
        value, velocity, square = adam(
            value, velocity, square, torch.from_numpy(gradient), rate=0.05, count=count
        )
        np.testing.assert_allclose(value.numpy(), expected, rtol=1e-12)


def test_the_first_step_is_as_long_as_the_rate_whatever_the_gradient():
    zero = torch.zeros(2)
    moved, _, _ = adam(zero, zero, zero, torch.tensor([1e-4, -1e4]), rate=0.1, count=1)
    torch.testing.assert_close(moved, torch.tensor([-0.1, 0.1]), rtol=1e-3, atol=1e-5)
