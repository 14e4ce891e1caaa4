"""Drawing tools for marks: a 100 by 100 square, three inks and basic shapes as SVG."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.writers.brandkit.seeded_random import SeededRandom

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Inks:
    """The colors of one drawing. Each is visible on its ground."""

    main: str
    soft: str
    spot: str
    """For the one detail that attracts attention."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The inputs of one drawing."""

    inks: Inks
    rng: SeededRandom
    letter: str = ""
    """The brand's initial, upper case A to Z, or empty."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A mark and what it shows."""

    shapes: tuple[str, ...]
    shows: str
    """``an aperture of six blades``: completes “The mark is ...”."""


Mark = Callable[[Sheet], Drawing]


def num(value: float) -> str:
    """Return a coordinate: two decimals at most, no minus zero."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def at(center: Point, radius: float, degrees: float) -> Point:
    """Return the point at a clock angle: 0 is up, 90 is right."""
    turn = math.radians(degrees)
    return (center[0] + radius * math.sin(turn), center[1] - radius * math.cos(turn))


def xy(point: Point) -> str:
    """Return a point as path text."""
    return f"{num(point[0])} {num(point[1])}"


def fill(path: str, color: str) -> str:
    """Return a filled path."""
    return f'<path fill="{color}" d="{path}"/>'


def stroke(path: str, color: str, width: float) -> str:
    """Return a stroked path with round ends."""
    return (
        f'<path fill="none" stroke="{color}" stroke-width="{num(width)}" '
        f'stroke-linecap="round" stroke-linejoin="round" d="{path}"/>'
    )


def line(start: Point, end: Point, color: str, width: float) -> str:
    """Return a straight stroke."""
    return stroke(f"M{xy(start)}L{xy(end)}", color, width)


def disc(center: Point, radius: float, color: str) -> str:
    """Return a filled circle."""
    return f'<circle cx="{num(center[0])}" cy="{num(center[1])}" r="{num(radius)}" fill="{color}"/>'


def ring(center: Point, radius: float, color: str, width: float) -> str:
    """Return a circle's outline."""
    return (
        f'<circle cx="{num(center[0])}" cy="{num(center[1])}" r="{num(radius)}" fill="none" '
        f'stroke="{color}" stroke-width="{num(width)}"/>'
    )


def box(left: float, top: float, width: float, height: float, color: str, *, radius: float = 0) -> str:
    """Return a filled rectangle."""
    return (
        f'<rect x="{num(left)}" y="{num(top)}" width="{num(width)}" height="{num(height)}" '
        f'rx="{num(radius)}" fill="{color}"/>'
    )


def frame(left: float, top: float, width: float, height: float, color: str, weight: float, radius: float) -> str:
    """Return a rectangle's outline."""
    return (
        f'<rect x="{num(left)}" y="{num(top)}" width="{num(width)}" height="{num(height)}" rx="{num(radius)}" '
        f'fill="none" stroke="{color}" stroke-width="{num(weight)}"/>'
    )


def polygon(points: Sequence[Point]) -> str:
    """Return a closed path through ``points``."""
    return "M" + "L".join(xy(point) for point in points) + "Z"


def vesica(start: Point, end: Point, fullness: float = 0.5) -> str:
    """Return a leaf shape: two equal arcs between two points. ``fullness`` is its width divided by its length."""
    length = math.dist(start, end)
    sag = fullness * length / 2
    radius = (length * length / 4 + sag * sag) / (2 * sag)
    arc = f"A{num(radius)} {num(radius)} 0 0 1"
    return f"M{xy(start)}{arc} {xy(end)}{arc} {xy(start)}Z"


def drop(tip: Point, radius: float, height: float) -> str:
    """Return a drop that hangs from ``tip`` and ends in a circle of ``radius``; ``height`` is its full height."""
    x, y = tip
    center = y + height - radius
    return (
        f"M{xy(tip)}C{xy((x + radius * 0.35, y + height * 0.28))} {xy((x + radius, center - radius * 0.55))} "
        f"{xy((x + radius, center))}A{num(radius)} {num(radius)} 0 0 1 {xy((x - radius, center))}"
        f"C{xy((x - radius, center - radius * 0.55))} {xy((x - radius * 0.35, y + height * 0.28))} {xy(tip)}Z"
    )


def star(center: Point, radius: float, *, waist: float = 0.16) -> str:
    """Return a four-pointed star with hollow sides."""
    tips = [at(center, radius, degrees) for degrees in (0, 90, 180, 270)]
    waists = [at(center, radius * waist, degrees) for degrees in (45, 135, 225, 315)]
    path = f"M{xy(tips[0])}"
    for waist_point, tip in zip(waists, [*tips[1:], tips[0]], strict=True):
        path += f"Q{xy(waist_point)} {xy(tip)}"
    return path + "Z"


def number_word(number: int) -> str:
    """Return a small number as a word."""
    return ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")[
        number
    ]
