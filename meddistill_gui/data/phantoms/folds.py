"""Draws invented radiographs of a stomach whose folds are straight or coarse, with the outline of the stomach.

A drawing, no physics and no disease: "straight" folds run side by side and close together, "coarse" ones are thick and winding. Grey level
and contrast of the two are drawn from the same distributions and levelled, so that only the pattern tells them apart. Nothing in it comes
from a person; the same generator gives the same pixels. Lengths are shares of the image's side.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Plane = npt.NDArray[Any]  # float32 throughout; numpy's stubs lose it in arithmetic

FOLDS: Final = ("straight", "coarse")
"""The two classes; the second is the positive one."""

_CORNERS: Final = 72


@dataclass(frozen=True, kw_only=True)
class FoldPhantom:
    """One invented radiograph with its region.

    Attributes:
        picture: float32 `[S, S]`, 0 black to 1 white.
        vertices: float32 `[V, 2]`, outline of the stomach as x, y in pixels.
        region: bool `[S, S]`, the stomach.
    """

    picture: Plane
    vertices: npt.NDArray[np.float32]
    region: npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class _Pattern:
    """Ranges that the folds of one class are drawn from.

    Attributes:
        wavelength: From one fold to the next.
        winding: How far a fold strays from a straight line.
        bend: Distance over which it strays.
    """

    wavelength: tuple[float, float]
    winding: float
    bend: float


_PATTERNS: Final = {
    "straight": _Pattern(wavelength=(0.022, 0.030), winding=0.010, bend=0.20),
    "coarse": _Pattern(wavelength=(0.040, 0.056), winding=0.024, bend=0.09),
}


def draw_folds(side: int, folds: str, generator: np.random.Generator) -> FoldPhantom:
    """Draw one invented radiograph.

    Args:
        side: Its side in pixels (S); made for 512 to 2048.
        folds: One of `FOLDS`.
        generator: Decides everything else.
    """
    vertices = _outline(side, generator)
    region = _filled(side, vertices)
    film = _surroundings(side, generator)
    inside = _levelled(_pattern(side, _PATTERNS[folds], generator), region)
    mottle = _levelled(_cloud(side, 0.025, generator), region)
    # The darkest to the brightest: one range for both classes, wider than the patterns' own contrast.
    level, contrast = generator.uniform(0.42, 0.66), generator.uniform(0.05, 0.10)
    shade = 0.06 * _cloud(side, 0.45, generator)
    stomach = level + shade + contrast * (0.85 * inside + 0.5 * mottle)
    film += _softened(region, 0.004) * (stomach - film)
    film += generator.uniform(0.012, 0.03) * generator.standard_normal(film.shape, dtype=np.float32)
    picture = np.asarray(np.clip(film, 0, 1), dtype=np.float32)
    return FoldPhantom(picture=picture, vertices=vertices, region=region)


def _outline(side: int, generator: np.random.Generator) -> npt.NDArray[np.float32]:
    """A bean: an ellipse at an angle, with a few slow waves along its edge."""
    draw = generator.uniform
    angle = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    radius = np.ones_like(angle)
    for waves in (2, 3, 4):
        radius += draw(0.02, 0.09) * np.cos(waves * angle + draw(0, 2 * np.pi))
    long, short = draw(0.32, 0.38), draw(0.24, 0.29)
    x, y = long * radius * np.cos(angle), short * radius * np.sin(angle)
    tilt = draw(-0.9, 0.9)
    turned = np.stack(
        [x * np.cos(tilt) - y * np.sin(tilt), x * np.sin(tilt) + y * np.cos(tilt)], axis=1
    )
    middle = np.array([draw(0.45, 0.55), draw(0.45, 0.55)])
    return np.asarray(np.clip(turned + middle, 0.02, 0.98) * side, dtype=np.float32)


def _filled(side: int, vertices: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    canvas = Image.new("1", (side, side))
    ImageDraw.Draw(canvas).polygon([(float(x), float(y)) for x, y in vertices], fill=1)
    return np.asarray(canvas, dtype=np.bool_)


def _pattern(side: int, pattern: _Pattern, generator: np.random.Generator) -> Plane:
    """Folds across a random direction; their distance and their edges vary over the image."""
    line = np.linspace(0, 1, side, dtype=np.float32)
    direction = generator.uniform(0, np.pi)
    across = np.float32(np.cos(direction)) * line[None, :]
    across = across + np.float32(np.sin(direction)) * line[:, None]
    across = across + np.float32(pattern.winding) * _cloud(side, pattern.bend, generator)
    wavelength = np.float32(generator.uniform(*pattern.wavelength))
    wave = np.cos(np.float32(2 * np.pi) / wavelength * across)
    # A ridge with a flat valley rather than a sine; where it fades, the film shows nothing.
    ridge = np.tanh(np.float32(1.6) * (wave + np.float32(generator.uniform(-0.3, 0.3))))
    fading = 0.7 + 0.3 * np.tanh(_cloud(side, 0.15, generator))
    return np.asarray(ridge * fading, dtype=np.float32)


def _surroundings(side: int, generator: np.random.Generator) -> Plane:
    """Belly, spine and ribs, with gas and bowel as clouds of several sizes."""
    line = np.linspace(-1, 1, side, dtype=np.float32)
    x, y = line[None, :], line[:, None]
    film = np.float32(generator.uniform(0.34, 0.54)) + 0.07 * _cloud(side, 0.30, generator)
    film = film + 0.05 * _cloud(side, 0.10, generator) + 0.03 * _cloud(side, 0.04, generator)
    place, lean = generator.uniform(-0.15, 0.15), generator.uniform(-0.08, 0.08)
    column = 0.5 + 0.5 * np.tanh((0.14 - np.abs(x - np.float32(place) - lean * y)) / 0.02)
    discs = 0.8 + 0.2 * np.tanh(3 * np.cos(np.float32(2 * np.pi / 0.24) * y))
    film = film + 0.16 * column * discs
    phase = (y - 0.35 * np.abs(x) + 0.2 * x**2) / np.float32(generator.uniform(0.20, 0.27))
    ribs = np.exp(-(((phase - np.round(phase)) / 0.17) ** 2))
    ribs = ribs * (0.5 + 0.5 * np.tanh((np.abs(x) - 0.25) / 0.05))
    ribs = ribs * (0.5 - 0.5 * np.tanh((y + 0.2) / 0.08))
    return np.asarray(film + 0.10 * ribs, dtype=np.float32)


def _levelled(plane: Plane, region: npt.NDArray[np.bool_]) -> Plane:
    """Mean 0 and standard deviation 1 within the region: neither may tell the classes apart."""
    inside = plane[region]
    return np.asarray((plane - inside.mean()) / max(float(inside.std()), 1e-6), dtype=np.float32)


def _softened(region: npt.NDArray[np.bool_], width: float) -> Plane:
    """0 outside to 1 inside, over a narrow edge."""
    side = len(region)
    small = max(8, round(1 / width))
    shape = Image.fromarray(region.astype(np.uint8) * 255).resize(
        (small, small), Image.Resampling.BOX
    )
    soft = np.asarray(shape.resize((side, side), Image.Resampling.BILINEAR), dtype=np.float32) / 255
    return np.asarray(np.where(region, np.maximum(soft, 0.5), np.minimum(soft, 0.5)), np.float32)


def _cloud(side: int, scale: float, generator: np.random.Generator) -> Plane:
    """Smooth noise of about unit variance whose lumps are `scale` of the side wide."""
    cells = max(3, round(1 / scale) + 1)
    coarse = generator.standard_normal((cells, cells), dtype=np.float32)
    fine = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(fine, dtype=np.float32) * np.float32(1.6)
