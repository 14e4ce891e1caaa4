"""The 3D renders of things: what each shows and how it stands."""

import tomllib
from enum import StrEnum
from functools import cache
from pathlib import Path

from domain.kernel import Value

RENDERS = Path(__file__).parent / "renders"
"""The folder of the renders, with their licence and digests."""


class Pose(StrEnum):
    """How a thing stands in a scene."""

    STANDING = "standing"
    LYING = "lying"
    """It is seen from above."""
    HANGING = "hanging"
    """It hangs on or before a wall."""


class Drawing(Value):
    """One render, as the manifest describes it."""

    source: str
    """Name of the drawing in the package that it comes from."""
    pose: Pose
    color: str | None = None
    """Its own color; None if it cannot be shown in another one."""
    mirror: bool = True
    """Whether its mirror image shows the same thing."""
    sha256: str


COLORS = frozenset({"Red", "Orange", "Yellow", "Green", "Teal", "Blue", "Purple", "Pink", "White", "Grey", "Black"})
"""Names of the colors that a render may be shown in."""


@cache
def drawings() -> dict[str, Drawing]:
    """Return all renders by name."""
    rows = tomllib.loads((RENDERS / "manifest.toml").read_text("utf-8"))
    return {name: Drawing.model_validate(row) for name, row in rows.items()}
