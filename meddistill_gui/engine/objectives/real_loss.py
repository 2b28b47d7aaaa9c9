"""How well a trained student answers for real images, and how that depends on its parameters and on what it learned from."""

from dataclasses import dataclass

import torch
from torch import Tensor

from meddistill_gui.engine.experts.batches import loss_and_gradient
from meddistill_gui.engine.networks.network import Network


@dataclass(frozen=True, kw_only=True)
class RealLoss:
    """The objective of paper D and its gradient.

    Attributes:
        loss: Mean cross-entropy on the real images.
        theta: dL/dtheta, `[P]`.
        images: dL/dimages where batch normalisation looks at the synthetic images itself, else zeros.
    """

    loss: float
    theta: Tensor
    images: Tensor


def real_loss(
    network: Network, theta: Tensor, synthetic: Tensor, real: Tensor, labels: Tensor
) -> RealLoss:
    """Judge a student by real images; its batch normalisations, if any, have the synthetic images' statistics.

    Args:
        network: The student's network.
        theta: Its parameters after training, `[P]`.
        synthetic: All synthetic images, `[M, C, S, S]`, normalised.
        real: `[B, C, S, S]`, normalised.
        labels: int64 `[B]`.
    """
    parameters = theta.detach().requires_grad_()
    images = synthetic.detach().requires_grad_()
    settled = torch.cat([parameters, network.statistics(parameters, images)])
    loss, wanted = loss_and_gradient(network, settled.detach(), real, labels)
    if len(settled) == len(theta):  # nothing is normalised by the images
        return RealLoss(loss=float(loss), theta=wanted, images=torch.zeros_like(images))
    d_theta, d_images = torch.autograd.grad(settled, (parameters, images), grad_outputs=wanted)
    return RealLoss(loss=float(loss), theta=d_theta, images=d_images)
