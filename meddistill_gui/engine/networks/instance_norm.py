"""Instance normalisation whose second derivative is written out, for gradients that are themselves differentiated.

Over the k positions of one channel of one image, with n = (x - <x>) / d the normalised values (d their deviation, <.> the
mean over positions), scale s and shift b, the output is s n + b. Its derivative against g is

    dx = (s / d) (g - <g> - n <n g>)        ds = sum of n g        db = sum of g

and the derivative of these three, weighted with v, p and q, is

    by g: (s / d) (v - <v>) + beta n + q                                             alpha = -(s / d) <n g>
    by x: (alpha (v - <v>) + beta (g - <g>) - (alpha <n v> + beta <n g> + (s / d) rest) n) / d
    by s: sum of rest / d over images, k times                                       beta = p - (s / d) <n v>

with rest = <v g> - <v> <g> - <n v> <n g>. torch finds the same through many small operations.

Measured on a CPU, a student's steps with their pullback, to torch's: 0.90 to 0.94 of the time with all graphs stored and 0.92 to 0.99
replayed for 40 images at width 128; 1.03 and 1.04 for 12 images at width 32, 1.12 and 1.06 for 3, so small maps stay with torch
(`convnet`). So does every gradient that is not differentiated again.
"""

from typing import Any, Final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from typing_extensions import override

_EPSILON: Final = 1e-5  # torch's default


def instance_norm(maps: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Normalise every channel of every image by itself; the values are torch's own. To be differentiated twice, not more.

    Args:
        maps: `[N, C, H, W]`.
        scale: `[C]`.
        shift: `[C]`.
    """
    normalised: Tensor = _InstanceNorm.apply(maps, scale, shift)[0]
    return normalised


class _InstanceNorm(torch.autograd.Function):
    """The output, and each channel's mean and 1 / deviation `[N, C]`."""

    @staticmethod
    @override
    def forward(maps: Tensor, scale: Tensor, shift: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        images, channels, height, width = maps.shape
        found: tuple[Tensor, Tensor, Tensor] = torch.native_group_norm(
            maps, scale, shift, images, channels, height * width, channels, _EPSILON
        )
        return found

    @staticmethod
    @override
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        _, mean, sharpness = output
        ctx.mark_non_differentiable(mean, sharpness)
        ctx.save_for_backward(inputs[0], inputs[1], mean, sharpness)

    @staticmethod
    @override
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        return _Slope.apply(slopes[0], *ctx.saved_tensors)


class _Slope(torch.autograd.Function):
    """dx, ds and db."""

    @staticmethod
    @override
    def forward(
        slope: Tensor, maps: Tensor, scale: Tensor, mean: Tensor, sharpness: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        images, channels, height, width = maps.shape
        found: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.native_group_norm_backward(
            slope.contiguous(),
            maps.contiguous(),
            mean,
            sharpness,
            scale,
            images,
            channels,
            height * width,
            channels,
            [True, True, True],
        )
        return found

    @staticmethod
    @override
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    @override
    @once_differentiable
    def backward(ctx: Any, *weights: Tensor) -> Any:
        v, p, q = weights
        g, maps, scale, mean, sharpness = ctx.saved_tensors
        positions = maps.shape[2] * maps.shape[3]
        v_mean, g_mean = (each.flatten(2).mean(2) for each in (v, g))
        vn = (_mean_product(v, maps) - v_mean * mean) * sharpness
        gn = (_mean_product(g, maps) - g_mean * mean) * sharpness
        rest = _mean_product(v, g) - v_mean * g_mean - vn * gn
        steep = scale * sharpness
        alpha, beta = -steep * gn, p - steep * vn
        bend = -sharpness * (alpha * vn + beta * gn + steep * rest)
        by_g = _mixed(
            (v, steep), (maps, beta * sharpness), plus=q - steep * v_mean - beta * sharpness * mean
        )
        by_maps = _mixed(
            (v, sharpness * alpha),
            (g, sharpness * beta),
            (maps, sharpness * bend),
            plus=-sharpness * (alpha * v_mean + beta * g_mean + bend * mean),
        )
        return by_g, by_maps, (sharpness * rest).sum(0) * positions, None, None


def _mean_product(first: Tensor, second: Tensor) -> Tensor:
    """Mean over the positions of the product: `[N, C]`. One pass, nothing as large as the maps is kept."""
    images, channels, height, width = first.shape
    rows = first.reshape(-1, 1, height * width), second.reshape(-1, height * width, 1)
    return torch.bmm(*rows).view(images, channels) / (height * width)


def _mixed(*weighted: tuple[Tensor, Tensor], plus: Tensor) -> Tensor:
    """Sum of maps `[N, C, H, W]`, each times its weight `[N, C]`, and of `plus` `[N, C]`; in place, for half of the time."""
    (first, weight), *others = weighted
    total = first * weight[:, :, None, None]
    for maps, by in others:
        total.addcmul_(maps, by[:, :, None, None])
    return total.add_(plus[:, :, None, None])
