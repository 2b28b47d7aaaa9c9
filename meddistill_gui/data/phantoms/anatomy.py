"""Draws invented chest radiographs: ribs, lungs, heart, diaphragm, and the sign of one of four classes.

A drawing, no physics: thickness of tissue adds up, film answers with a curve. Every length is in units of half the
image's width, x to the right, y downwards, the middle of the chest at (0, 0).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

Plane = npt.NDArray[Any]  # float32 throughout; numpy's stubs lose it in arithmetic

CLASSES: Final = ("normal", "opacity", "ground-glass", "interstitial")

_MARGIN: Final = (
    1.15  # drawn around the radiograph, so that turning and shifting bring in tissue, not emptiness
)


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """What all images of one patient share.

    Attributes:
        side: Pixels of a side of a radiograph (S).
        thickness: float32 `[M, M]` with a margin around S, tissue along each ray, 0 (air) to about 1.6.
        lungs: float32 `[M, M]`, 1 inside the lung fields, 0 outside, soft edges.
    """

    side: int
    thickness: Plane
    lungs: Plane


@dataclass(frozen=True, kw_only=True)
class _Build:
    """Proportions of one invented person."""

    width: float
    lung_top: float
    lung_bottom: float
    lung_width: float
    heart: float
    tissue: float
    bone: float
    rib_step: float
    rib_tilt: float
    lean: float


def draw_anatomy(side: int, generator: np.random.Generator) -> Anatomy:
    """Draw one invented person.

    Args:
        side: Pixels of a side of the radiographs to come.
        generator: Decides the proportions.
    """
    build = _build(generator)
    side = round(side * _MARGIN)
    x, y = _grid(side)
    x = x - np.float32(build.lean) * y
    lungs = _lungs(x, y, build)
    thickness = _body(x, y, build)
    thickness -= 0.62 * lungs * (1 - 0.18 * y)
    thickness += _ribs(x, y, build) * build.bone
    thickness += _spine(x, y)
    thickness += _mediastinum(x, y, build)
    thickness += _vessels(x, y, lungs, generator)
    thickness *= 1 + 0.05 * _cloud(side, 6.0, generator)
    thickness = np.maximum(thickness, 0).astype(np.float32)
    return Anatomy(side=round(side / _MARGIN), thickness=thickness, lungs=lungs)


def draw_radiograph(
    anatomy: Anatomy, class_name: str, severity: float, generator: np.random.Generator
) -> Plane:
    """Take one radiograph of an invented person.

    Args:
        anatomy: The person.
        class_name: One of `CLASSES`.
        severity: How plain the sign is, 0 (hardly there) to 1.
        generator: Decides place and texture of the sign, position and noise.

    Returns:
        float32 `[S, S]`, 0 (black, air) to 1 (white, bone).
    """
    thickness = anatomy.thickness + anatomy.lungs * _sign(anatomy, class_name, severity, generator)
    thickness = _positioned(thickness, anatomy.side, generator)
    exposure = generator.uniform(0.93, 1.07)
    film = 1 - np.exp(-1.05 * exposure * thickness)
    grain = generator.standard_normal(film.shape, dtype=np.float32)
    film += generator.uniform(0.006, 0.016) * grain
    low, high = np.float32(0.0), np.float32(0.86)
    return np.asarray(np.clip((film - low) / (high - low), 0, 1), dtype=np.float32)


def _build(generator: np.random.Generator) -> _Build:
    draw = generator.uniform
    return _Build(
        width=draw(0.80, 0.95),
        lung_top=draw(-0.80, -0.68),
        lung_bottom=draw(0.42, 0.66),
        lung_width=draw(0.46, 0.58),
        heart=draw(0.85, 1.2),
        tissue=draw(0.93, 1.1),
        bone=draw(0.10, 0.19),
        rib_step=draw(0.145, 0.175),
        rib_tilt=draw(0.28, 0.5),
        lean=draw(-0.05, 0.05),
    )


def _grid(side: int) -> tuple[Plane, Plane]:
    line = np.linspace(-_MARGIN, _MARGIN, side, dtype=np.float32)
    x, y = np.meshgrid(line, line)
    return x, y


def _step(distance: Plane, softness: float) -> Plane:
    """1 where `distance` is clearly positive, 0 where clearly negative."""
    return np.asarray(0.5 + 0.5 * np.tanh(distance / np.float32(softness)), dtype=np.float32)


def _body(x: Plane, y: Plane, build: _Build) -> Plane:
    half = np.float32(build.width) * (0.97 - 0.08 * np.cos(np.float32(2.2) * (y - 0.25)))
    trunk = _step(half - np.abs(x), 0.03) * _step(
        y + 0.92 - 0.35 * np.maximum(np.abs(x) - 0.25, 0), 0.05
    )
    neck = _step(0.24 - np.abs(x), 0.04) * _step(-0.7 - y, 0.2)
    bulge = 1 - 0.55 * (np.abs(x) / half) ** 4
    belly = 0.25 * _step(y - np.float32(build.lung_bottom) - 0.1, 0.1)
    whole = np.float32(build.tissue) * np.maximum(trunk * bulge, 0.7 * neck) + belly * trunk
    return np.asarray(whole, dtype=np.float32)


def _lungs(x: Plane, y: Plane, build: _Build) -> Plane:
    """Two lung fields; the dome of the diaphragm stands higher on the patient's right (left in the image)."""
    fields = np.zeros_like(x)
    for sign, dome in ((-1.0, -0.05), (1.0, 0.0)):
        centre = np.float32(sign * (0.12 + build.lung_width / 2))
        across = (x - centre) / np.float32(build.lung_width / 2)
        top = np.float32(build.lung_top) + 0.34 * (across - 0.1 * sign) ** 2
        floor = (
            np.float32(build.lung_bottom + dome) - 0.16 + 0.20 * (across * sign * 0.75 + 0.2) ** 2
        )
        narrowing = 1 - 0.42 * np.clip((-0.1 - y) / 0.7, 0, 1) ** 2
        inside = np.minimum((y - top), (floor - y))
        sides = (narrowing - np.abs(across) ** 2.2) * np.float32(build.lung_width / 2)
        fields = np.maximum(fields, _step(np.minimum(inside, sides), 0.025))
    return np.asarray(fields, dtype=np.float32)


def _ribs(x: Plane, y: Plane, build: _Build) -> Plane:
    """Posterior ribs falling outwards, anterior ones rising, and the clavicles; a phase in each pixel, no loop."""
    out = np.abs(x)
    cage = _step(np.float32(build.width) * 0.93 - out, 0.03) * _step(out - 0.1, 0.03)
    cage *= _step(y + 0.82, 0.04) * _step(np.float32(build.lung_bottom + 0.18) - y, 0.08)
    step = np.float32(build.rib_step)
    back = (y - np.float32(build.rib_tilt) * out + 0.55 * out**2) / step
    front = (y + 0.42 * out - 0.15 * out**2 + 0.03) / (step * np.float32(1.25))
    bars = _bars(back, 0.24) + 0.45 * _bars(front, 0.26) * _step(out - 0.3, 0.08)
    collar = np.exp(-(((y + 0.70 + 0.22 * (out - 0.35)) / 0.028) ** 2)) * _step(0.72 - out, 0.05)
    return np.asarray(bars * cage + 1.1 * collar * _step(out - 0.08, 0.03), dtype=np.float32)


def _bars(phase: Plane, width: float) -> Plane:
    away = np.abs(phase - np.round(phase))
    edge = _step(np.float32(width) - away, 0.05)
    return np.asarray(edge * (0.65 + 0.35 * (away / np.float32(width)) ** 2), dtype=np.float32)


def _spine(x: Plane, y: Plane) -> Plane:
    column = _step(0.085 - np.abs(x), 0.015)
    discs = 0.75 + 0.25 * np.tanh(3 * np.cos(np.float32(2 * np.pi / 0.15) * y))
    return np.asarray(0.16 * column * discs, dtype=np.float32)


def _mediastinum(x: Plane, y: Plane, build: _Build) -> Plane:
    size = np.float32(build.heart)
    floor = np.float32(build.lung_bottom)
    tilted = (x - 0.13 * size) + 0.35 * (y - floor + 0.28)
    heart = 1 - (tilted / (0.33 * size)) ** 2 - ((y - floor + 0.26) / (0.33 * size)) ** 2
    right = 1 - ((x + 0.08) / (0.16 * size)) ** 2 - ((y - floor + 0.26) / (0.30 * size)) ** 2
    knob = 1 - ((x - 0.11) / 0.11) ** 2 - ((y + 0.36) / 0.12) ** 2
    middle = _step(0.13 - np.abs(x), 0.03) * _step(y + 0.75, 0.1)
    shadow = np.maximum(
        np.maximum(_step(heart, 0.18), 0.8 * _step(right, 0.2)), 0.7 * _step(knob, 0.2)
    )
    windpipe = np.exp(-((x / 0.042) ** 2)) * _step(-0.28 - y, 0.06) * _step(y + 0.98, 0.05)
    return np.asarray(0.42 * np.maximum(shadow, 0.75 * middle) - 0.20 * windpipe, dtype=np.float32)


def _vessels(x: Plane, y: Plane, lungs: Plane, generator: np.random.Generator) -> Plane:
    """Fine branching shadows that fade away from the hila."""
    hila = sum(
        np.exp(-(((x - sign * 0.22) / 0.26) ** 2) - ((y + 0.04) / 0.34) ** 2)
        for sign in (-1.0, 1.0)
    )
    lines = np.exp(-((_cloud(len(x), 8.0, generator) / 0.4) ** 2))
    return np.asarray(lungs * (0.15 * hila + 0.09 * hila * lines), dtype=np.float32)


def _sign(
    anatomy: Anatomy, class_name: str, severity: float, generator: np.random.Generator
) -> Plane:
    """Tissue that the disease adds, inside the lungs."""
    side = len(anatomy.lungs)
    strength = np.float32(0.5 + 0.5 * severity)
    if class_name == "opacity":
        return strength * _focus(anatomy.lungs, generator)
    if class_name == "ground-glass":
        return strength * _haze(side, generator)
    if class_name == "interstitial":
        return strength * _net(side, generator)
    return np.zeros_like(anatomy.lungs)


def _focus(lungs: Plane, generator: np.random.Generator) -> Plane:
    """One ragged consolidation, somewhere inside a lung."""
    side = len(lungs)
    x, y = _grid(side)
    rows, columns = np.nonzero(lungs > 0.9)
    at = generator.integers(len(rows))
    radius = generator.uniform(0.16, 0.27)
    dx = (x - x[0, columns[at]]) / np.float32(radius * generator.uniform(0.8, 1.2))
    dy = (y - y[rows[at], 0]) / np.float32(radius)
    ragged = np.sqrt(dx**2 + dy**2) + 0.25 * _cloud(side, 8.0, generator)
    return np.asarray(0.75 * _step(1 - ragged, 0.35), dtype=np.float32)


def _haze(side: int, generator: np.random.Generator) -> Plane:
    """A veil over both lungs, patchy, heavier below and outside."""
    x, y = _grid(side)
    veil = 0.75 + 0.25 * np.abs(x) + 0.25 * y + 0.35 * _cloud(side, 2.5, generator)
    return np.asarray(0.48 * np.clip(veil, 0, 1.6), dtype=np.float32)


def _net(side: int, generator: np.random.Generator) -> Plane:
    """Reticulation: a net of lines around holes, heavier below."""
    _, y = _grid(side)
    scale = generator.uniform(7.0, 9.0)
    coarse, fine = (_cloud(side, frequency, generator) for frequency in (scale, 2.1 * scale))
    lines = np.exp(-((coarse / 0.45) ** 2)) + 0.7 * np.exp(-((fine / 0.4) ** 2))
    knots = np.maximum(coarse * fine - 0.6, 0)
    return np.asarray((0.55 * lines + 0.15 * knots - 0.15) * (0.85 + 0.35 * y), dtype=np.float32)


def _cloud(side: int, frequency: float, generator: np.random.Generator) -> Plane:
    """Smooth noise of standard deviation 1 around one spatial frequency.

    Args:
        side: Pixels of a side.
        frequency: Waves across the image.
        generator: Source of the noise.
    """
    cycles = np.fft.fftfreq(side, 1 / side).astype(np.float32)
    radius = np.hypot(cycles[:, None], np.abs(cycles[None, : side // 2 + 1]))
    band = np.exp(-((np.log2(np.maximum(radius, 0.5) / frequency) / 0.55) ** 2))
    noise = generator.standard_normal((side, side), dtype=np.float32)
    field = np.fft.irfft2(np.fft.rfft2(noise) * band, s=(side, side))
    return np.asarray(field / field.std(), dtype=np.float32)


def _positioned(plane: Plane, side: int, generator: np.random.Generator) -> Plane:
    """The patient never stands quite the same: a small turn, shift and change of scale; the margin is cut off."""
    turn = generator.uniform(-0.035, 0.035)
    scale_x, scale_y = generator.uniform(0.97, 1.04, 2)
    shift_x, shift_y = generator.uniform(-0.025, 0.025, 2) * side
    a, b = np.cos(turn) / scale_x, np.sin(turn) / scale_x
    d, e = -np.sin(turn) / scale_y, np.cos(turn) / scale_y
    out, into = side / 2, len(plane) / 2
    c = into - (a + b) * out + shift_x
    f = into - (d + e) * out + shift_y
    turned = Image.fromarray(plane).transform(
        (side, side), Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR
    )
    return np.asarray(turned, dtype=np.float32)
