"""A few sets of an expert's parameters in place of all: between two of them the way is straight, layer by layer.

Zhong et al., "Towards stable and storage-efficient dataset distillation: matching convexified trajectory", arXiv 2406.19827.
After epoch e between the waypoints a and b a layer's parameters are

    theta(e) = theta_a + share(e) * (theta_b - theta_a)

where share(e) is how much of the length of the layer's way from a to b, summed over the epochs, lies behind it. A layer is
one kernel, one bias and so on, as in the authors' code; a layer that stood still has the share 1 there. Between two epochs the
share, and with it the way, goes on evenly.

Not taken over: their second version also moves each waypoint halfway towards the mean of its neighbours.
"""

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Waypoints:
    """One expert in a few points.

    Attributes:
        points: float32 `[W, P]`, parameters at the waypoints.
        epochs: int64 `[W]`, the epoch of each: ascending, the first 0, the last the expert's last.
        shares: float32 `[E + 1, L]`, each layer's share of its way from the waypoint before an epoch to the one at or after it.
        lengths: int64 `[L]`, parameters of each layer; P in all.
    """

    points: Tensor
    epochs: Tensor
    shares: Tensor
    lengths: Tensor


def waypoint_epochs(epochs: int, number: int) -> list[int]:
    """The epochs of so many waypoints, as evenly as whole epochs allow; all of them where there are no more.

    Args:
        epochs: Last epoch, 1 or later.
        number: Waypoints, 2 or more.
    """
    number = min(number, epochs + 1)
    return [(2 * place * epochs + number - 1) // (2 * (number - 1)) for place in range(number)]


def thinned(snapshots: Tensor, number: int, lengths: Tensor) -> Waypoints:
    """The waypoints of snapshots `[E + 1, P]`, as exact as these are (a store's are float32).

    Args:
        snapshots: An expert's parameters after every epoch.
        number: Waypoints, 2 or more.
        lengths: int64 `[L]`, parameters of each layer.
    """
    chosen = waypoint_epochs(len(snapshots) - 1, number)
    steps = torch.split(snapshots[1:].double() - snapshots[:-1].double(), lengths.tolist(), dim=1)
    gone = torch.stack([step.norm(dim=1) for step in steps], dim=1)  # [E, L]
    shares = snapshots.new_zeros(len(snapshots), len(lengths))
    for first, last in itertools.pairwise(chosen):
        way = gone[first:last].cumsum(dim=0)
        whole = way[-1]
        shares[first + 1 : last + 1] = torch.where(whole > 0, way / whole, 1.0).to(shares)
    return Waypoints(
        points=snapshots[chosen].clone(),
        epochs=torch.tensor(chosen),
        shares=shares,
        lengths=lengths,
    )


def between(before: Tensor, after: Tensor, shares: Tensor, lengths: Tensor) -> Tensor:
    """Parameters `[P]` of which each layer has gone its share of the way.

    Args:
        before: `[P]`, the waypoint before.
        after: `[P]`, the waypoint after.
        shares: `[L]`.
        lengths: int64 `[L]`.
    """
    return torch.lerp(before, after, shares.repeat_interleave(lengths))
