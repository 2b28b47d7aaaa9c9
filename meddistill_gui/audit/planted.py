"""Planted leaks: copies of known training patients, changed in known ways, that the audit must find in its own data.

They are made anew in every audit from the very images under audit (the known-positive control).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from meddistill_gui.audit.descriptors import low_passed

_TEXTURE_BAND: Final = 1.0
OWN_TEXTURE: Final = "texture of this set"


@dataclass(frozen=True, kw_only=True)
class Planted:
    """Planted leaks of one kind.

    Attributes:
        kind: Name for the table.
        images: float32 `[K, C, S, S]`, 0..1 with excursions, as a distilled set has.
        sources: int64 `[K]`, row of the training image each was made from.
    """

    kind: str
    images: Tensor
    sources: npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class _Material:
    """What a kind may be made of: the image to leak, another patient's image, and chance."""

    image: Tensor
    other: Tensor
    generator: torch.Generator


def _noise(deviation: float) -> Callable[[_Material], Tensor]:
    def make(of: _Material) -> Tensor:
        return of.image + deviation * torch.randn(of.image.shape, generator=of.generator)

    return make


def _crop(of: _Material) -> Tensor:
    """The middle 90 % of the side, enlarged to the whole."""
    return _warped(of.image, scale=0.9)


def _shift(of: _Material) -> Tensor:
    """To one side by 5 % (1.5 pixels of 32), the border repeated."""
    return _warped(of.image, shift=1.5 / 32 * _sign(of))


def _rotate(of: _Material) -> Tensor:
    return _warped(of.image, degrees=5.0 * _sign(of))


def _sign(of: _Material) -> float:
    return 1.0 if torch.rand((), generator=of.generator) < 0.5 else -1.0


def _warped(
    image: Tensor, *, degrees: float = 0.0, shift: float = 0.0, scale: float = 1.0
) -> Tensor:
    """Cubic, where the search's own views are linear: a test must not find only its own handwriting."""
    angle = math.radians(degrees)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    matrix = torch.tensor([[[cos, sin, 2 * shift], [-sin, cos, 0.0]]])
    grid = F.affine_grid(matrix, list(image.shape), align_corners=False)
    return F.grid_sample(image, grid, mode="bicubic", padding_mode="border", align_corners=False)


def _blend(share: float) -> Callable[[_Material], Tensor]:
    def make(of: _Material) -> Tensor:
        return share * of.image + (1 - share) * of.other

    return make


def _patch(of: _Material) -> Tensor:
    """The middle left of the image (a lung, in a chest film) pasted into another patient's image."""
    side = of.image.shape[-1]
    rows, columns = slice(side // 4, 3 * side // 4), slice(side // 8, side // 2)
    pasted = of.other.clone()
    pasted[..., rows, columns] = of.image[..., rows, columns]
    return pasted


def _texture(deviation: float) -> Callable[[_Material], Tensor]:
    """High-frequency texture, as distillation leaves it on an image that it started from."""

    def make(of: _Material) -> Tensor:
        noise = torch.randn(of.image.shape, generator=of.generator)
        rough = noise - low_passed(noise, _TEXTURE_BAND)
        return of.image + deviation * rough / rough.std()

    return make


def _combined(of: _Material) -> Tensor:
    turned = _crop(of).flip(3).clamp(0, 1).pow(0.6)
    return turned + 0.05 * torch.randn(turned.shape, generator=of.generator)


KINDS: Final[Mapping[str, Callable[[_Material], Tensor]]] = {
    "exact": lambda of: of.image,
    "noise 0.05": _noise(0.05),
    "noise 0.2": _noise(0.2),
    "flip": lambda of: of.image.flip(3),
    "crop 90 %": _crop,
    "shift 5 %": _shift,
    "rotate 5 degrees": _rotate,
    "gamma 0.6": lambda of: of.image.pow(0.6),
    "contrast": lambda of: 0.5 * of.image + 0.2,
    "inversion": lambda of: 1.0 - of.image,
    "blur": lambda of: low_passed(of.image, 1.0),
    "blend 50/50": _blend(0.5),
    "blend 30/70": _blend(0.3),
    "pasted patch": _patch,
    "texture 0.3": _texture(0.3),
    "texture 1.0": _texture(1.0),
    "flip, crop, gamma, noise": _combined,
}


def planted(
    training: Tensor, patients: npt.NDArray[np.int64], synthetic: Tensor, count: int, seed: int
) -> list[Planted]:
    """Make `count` leaks of each kind, and of one more: patients wearing the set's own texture.

    Args:
        training: float32 `[N, C, S, S]`, 0..1.
        patients: int64 `[N]`.
        synthetic: float32 `[m, C, S, S]`, the set under audit.
        count: Leaks of each kind.
        seed: Makes it repeatable; the draw does not depend on anything else.
    """
    kinds: dict[str, Callable[[_Material], Tensor]] = dict(KINDS)
    kinds[OWN_TEXTURE] = _worn(synthetic)
    return [
        _of_kind(kind, make, training, patients, count, [seed, number])
        for number, (kind, make) in enumerate(kinds.items())
    ]


def _of_kind(
    kind: str,
    make: Callable[[_Material], Tensor],
    training: Tensor,
    patients: npt.NDArray[np.int64],
    count: int,
    seed: list[int],
) -> Planted:
    random = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(int(random.integers(2**62)))
    sources = random.choice(len(training), count, replace=count > len(training))
    images = []
    for source in sources:
        strangers = np.flatnonzero(patients != patients[source])
        other = random.choice(strangers) if len(strangers) else source
        material = _Material(
            image=training[source][None], other=training[other][None], generator=generator
        )
        images.append(make(material))
    return Planted(kind=kind, images=torch.cat(images), sources=sources.astype(np.int64))


def _worn(synthetic: Tensor) -> Callable[[_Material], Tensor]:
    """A patient wearing texture with the amplitude spectrum of a synthetic image's own, in random phase."""
    textures = synthetic - low_passed(synthetic, _TEXTURE_BAND)

    def make(of: _Material) -> Tensor:
        chosen = int(torch.randint(len(textures), (), generator=of.generator))
        amplitude = torch.fft.rfft2(textures[chosen][None]).abs()
        noise = torch.fft.rfft2(torch.randn(of.image.shape, generator=of.generator))
        phase = noise / noise.abs().clamp_min(1e-12)
        rough: Tensor = torch.fft.irfft2(amplitude * phase, s=of.image.shape[-2:])
        return of.image + rough

    return make
