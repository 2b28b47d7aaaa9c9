"""The matched filter of score D: does one patient under this image's texture explain it better than a new patient under it?

Texture hides fine detail and spares coarse shapes, and how much it hides where, is seen in the image itself. Weighting each spatial frequency by what
patients differ in it, over the texture in it, is the best look through it (Wiener 1949). Two models of the image are compared, as in probabilistic linear
discriminant analysis (Ioffe 2006): this training patient under the texture, a new patient under it. L is the logarithm of the one's squared residual over the
other's, each in units of what its model expects; the difference of log-likelihoods itself would call an average the nearest of all where there is little texture. A
texture estimated wrongly costs sharpness only: what counts as high is what new patients reach who wear this very texture.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

_RINGS: Final = (
    8  # waves across the image; what is finer, lies under any texture that needs this filter
)
_SHOWN: Final = 6  # from this ring on nearly all is texture, where there is one
_SLOPES: Final = (0, 1, 2, 3, 4)
_TINY: Final = 1e-4  # variance of what nobody models: rounding to bytes, resampling
_GAIN: Final = 0.02
_REFERENCES: Final = 4096
SMALLEST: Final = 16  # side of images in which there are rings enough to see a texture by
_SIDE: Final = 32  # pixels, in which the width of the filters is counted


@dataclass(frozen=True, kw_only=True)
class _Texture:
    """What lies over one image.

    Attributes:
        gain: Contrast of the patient in it; 1 is that of a plain image.
        variance: float64 `[K]`, of each coefficient, where the gain is 1.
    """

    gain: float
    variance: Tensor


@dataclass(frozen=True, kw_only=True)
class Strangers:
    """New patients who are to wear textures.

    Attributes:
        whole: float64 `[n, K]`, coefficients of their images, at a gain of 1.
        smooth: float64 `[n, K]`, the same, low-passed.
        noise: float64 `[n, K]`, normal numbers, the same for every image.
    """

    whole: Tensor
    smooth: Tensor
    noise: Tensor


class MatchedFilter:
    """L against fixed training images.

    Args:
        rows: float32 `[N, D]`, training images without their mean, of standard deviation 1.
        shape: Channels, height and width, which give D.
    """

    def __init__(self, rows: Tensor, shape: tuple[int, int, int]) -> None:
        self._ring, self._waves = _waves(shape)
        self._rough = 1 - torch.exp(-2 * (np.pi * self._ring / _SIDE) ** 2)
        training = self.coefficients(rows)
        self._training = training
        self._mean = training.mean(0)
        centred = training - self._mean
        self._spread = centred.T @ centred / len(rows)

    def coefficients(self, rows: Tensor) -> Tensor:
        """Those of the waves that are compared: float32 `[n, D]` to float64 `[n, K]`."""
        return (rows @ self._waves).double()

    def strangers(self, whole: Tensor, smooth: Tensor) -> Strangers:
        """New patients, brought to the contrast at which images are compared.

        Args:
            whole: float32 `[n, D]`, hold-out images without their mean.
            smooth: float32 `[n, D]`, the same, low-passed.
        """
        plain = self.coefficients(whole)
        contrast = self.gains(plain)[:, None]
        noise = np.random.default_rng(0).normal(size=plain.shape)
        return Strangers(
            whole=plain / contrast,
            smooth=self.coefficients(smooth) / contrast,
            noise=torch.from_numpy(noise),
        )

    def of(self, image: Tensor, texture: Tensor, people: Strangers) -> tuple[Tensor, Tensor]:
        """L of one image, and of each of the strangers in its texture: that of the best training image, and which it is.

        A stranger wears the image's own texture, and noise of its variance at every spatial frequency; the greater L counts. The first alone spares coarse
        shapes even where the image has noise there: a quarter of images of white noise were flagged.

        Args:
            image: float64 `[K]`, coefficients.
            texture: float64 `[K]`, coefficients of what the low-pass takes from it.
            people: The strangers.

        Returns:
            float64 `[1 + n]`, the image first, and int64 `[1 + n]`.
        """
        worn = self._texture(image)
        own = people.smooth + texture / worn.gain
        like = people.whole + worn.variance.sqrt() * people.noise
        every = torch.cat([image[None] / worn.gain, own, like])
        value, source = self._explained(every, worn.variance)
        count = len(own)
        nobody = torch.maximum(value[1 : count + 1], value[count + 1 :])
        return torch.cat([value[:1], nobody]), source[: count + 1]

    def gains(self, images: Tensor) -> Tensor:
        """Contrast of each image, `[n, K]` to `[n]`: how much of the mean training image is in it."""
        weight = self._mean / (self._spread.diagonal() + _TINY)
        return (images @ weight / (self._mean @ weight)).abs().clamp_min(_GAIN)

    def _texture(self, image: Tensor) -> _Texture:
        """The texture, of a few shapes, under which the image is most likely that of a new patient."""
        usual = self._spread.diagonal()
        gain = float(self.gains(image[None])[0])
        rest = image / gain - self._mean
        shown = self._ring >= _SHOWN
        level = (rest[shown].square() - usual[shown]).sum().clamp_min(_TINY)
        found = []
        for slope in _SLOPES:
            shape = self._rough**slope
            variance = level / shape[shown].sum() * shape + _TINY
            factor = torch.linalg.cholesky(self._spread + torch.diag(variance))
            white = torch.linalg.solve_triangular(factor, rest[:, None], upper=False)
            found.append(
                (float(white.square().sum() / 2 + factor.diagonal().log().sum()), variance)
            )
        return _Texture(gain=gain, variance=min(found, key=lambda one: one[0])[1])

    def _explained(self, images: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """L of each image with the training image that explains it best, whose contrast may differ from its own."""
        weight = variance.rsqrt()
        wanted = (images * weight).float()
        best, source = torch.full((len(images),), -1.0), torch.zeros(len(images), dtype=torch.int64)
        for start in range(0, len(self._training), _REFERENCES):
            references = (self._training[start : start + _REFERENCES] * weight).float()
            top = (wanted @ F.normalize(references, dim=1).T).max(1)
            better = top.values > best
            best[better] = top.values[better]
            source[better] = top.indices[better] + start
        rest = (images * weight).square().sum(1) - best.double().clamp_min(0).square()
        surprise = self._surprise(images, variance)
        return (surprise.clamp_min(_TINY) / rest.clamp_min(_TINY)).log(), source

    def _surprise(self, images: Tensor, variance: Tensor) -> Tensor:
        """Squared length of each image where new patients under the texture have variance 1 in every direction."""
        inverse = torch.linalg.inv(self._spread + torch.diag(variance))
        seen = inverse @ self._mean
        centred = images - ((images @ seen) / (self._mean @ seen))[:, None] * self._mean
        squares: Tensor = ((centred @ inverse) * centred).sum(1)
        return squares


def _waves(shape: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
    """Waves across an image, up to `_RINGS`: how many, float64 `[K]`, and their unit vectors, float32 `[D, K]`."""
    channels, side, _ = shape
    most = min(_RINGS, side // 2 - 1) + 0.5
    place = torch.arange(side, dtype=torch.float64) / side
    found, rings = [], []
    for down in range(side // 2 + 1):
        for right in range(-((side - 1) // 2), side // 2 + 1):
            ring = float(np.hypot(down, right))
            if not 0 < ring < most or (down == 0 and right < 0):
                continue
            phase = 2 * np.pi * (down * place[:, None] + right * place[None])
            found += [(wave / wave.norm()).flatten() for wave in (phase.cos(), phase.sin())]
            rings += [ring, ring]
    one = torch.stack(found, 1)
    whole = torch.kron(torch.eye(channels, dtype=one.dtype), one)
    return torch.tensor(rings * channels, dtype=torch.float64), whole.float()
