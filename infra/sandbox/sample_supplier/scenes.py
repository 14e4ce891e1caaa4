"""Scenes for renders, as data: which ground, which tones, what stands on it."""

from dataclasses import dataclass
from enum import StrEnum

from infra.sandbox.sample_supplier.renders import Pose

Rgb = tuple[int, int, int]


class Scene(StrEnum):
    """A ground, by what it looks like."""

    SWEEP = "sweep"
    OAK = "oak"
    MARBLE = "marble"
    WINDOW = "window"
    PODIUM = "podium"
    LINEN = "linen"
    PLANKS = "planks"
    STONE = "stone"
    PAPER = "paper"
    WALL = "wall"
    PANEL = "panel"
    SUN = "sun"


SCENES: dict[Pose, tuple[Scene, ...]] = {
    Pose.STANDING: (Scene.SWEEP, Scene.OAK, Scene.MARBLE, Scene.WINDOW, Scene.PODIUM),
    Pose.LYING: (Scene.LINEN, Scene.PLANKS, Scene.STONE, Scene.PAPER),
    Pose.HANGING: (Scene.WALL, Scene.PANEL, Scene.SUN),
}

TONES: tuple[tuple[Rgb, Rgb], ...] = (
    ((243, 239, 233), (223, 215, 204)),
    ((226, 233, 236), (197, 208, 213)),
    ((234, 226, 218), (205, 186, 168)),
    ((223, 230, 220), (190, 203, 186)),
    ((240, 228, 226), (219, 196, 193)),
    ((214, 217, 224), (176, 182, 194)),
)
"""Wall and floor of each palette."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """How many of which render stand where, on which ground."""

    render: str
    color: str | None = None
    pieces: int = 1
    scene: Scene
    tone: int = 0
    scale: float = 0.58
    """The longer side of the things together, as a share of the picture's shorter side."""
    shift: float = 0.0
    """Distance from the middle to the right, as a share of the width."""
    turn: float = 0.0
    """Degrees against the clock."""
    mirrored: bool = False
