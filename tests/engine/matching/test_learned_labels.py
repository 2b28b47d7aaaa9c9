"""Learned labels begin where they should, and their gradient is that of what is stored."""

import pytest
import torch

from meddistill_gui.engine.matching import learned_labels

OWN = torch.tensor([1, 0])


@pytest.mark.parametrize("form", ["raw", "soft"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.999])
def test_begin_with_a_share_in_their_own_class(form, share):
    said = learned_labels.weights(form, learned_labels.first(form, OWN, 3, share))
    rest = (1 - share) / 2
    wanted = torch.tensor([[rest, share, rest], [share, rest, rest]])
    torch.testing.assert_close(said, wanted)


def test_raw_labels_may_begin_wholly_in_their_class():
    assert torch.equal(learned_labels.first("raw", OWN, 3, 1.0), torch.eye(3)[OWN])


@pytest.mark.parametrize("form", ["raw", "soft"])
def test_gradient_equals_autograd(form):
    random = torch.Generator().manual_seed(3)
    stored = torch.randn(4, 3, dtype=torch.float64, generator=random).requires_grad_()
    d_weights = torch.randn(4, 3, dtype=torch.float64, generator=random)
    said = stored if form == "raw" else torch.exp(stored) / torch.exp(stored).sum(1, keepdim=True)
    (wanted,) = torch.autograd.grad((said * d_weights).sum(), stored)
    found = learned_labels.pulled(form, stored.detach(), d_weights)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=0)
