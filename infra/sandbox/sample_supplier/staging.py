"""Chooses the scenes that a listing's renders are shown in."""

import random
from collections.abc import Iterator

from infra.sandbox.sample_supplier.goods import Goods
from infra.sandbox.sample_supplier.pictures import Shot
from infra.sandbox.sample_supplier.renders import COLORS, Pose, drawings
from infra.sandbox.sample_supplier.scenes import SCENES, TONES, Staging

TURNS = (0.0, 38.0, -32.0, 90.0)
"""Degrees by which things seen from above are turned, so that goods with the same render differ."""


def scene_shots(goods: Goods, seller: str, *, near: bool) -> Iterator[Shot]:
    """Yield the pictures of a listing: in a scene, in another scene and color, and close up.

    Args:
        goods: goods with a render.
        seller: the name of the seller; all but ``copy`` use the same first picture.
        near: whether the seller copied another one's picture: smaller, poorer and cut a little.
    """
    assert goods.render is not None
    drawing = drawings()[goods.render]
    rng = random.Random(f"zyenta sample supplier, scenes of {goods.id}")  # noqa: S311 - pictures, not a secret
    order = random.Random(f"zyenta sample supplier, order of {goods.render}")  # noqa: S311
    scenes = order.sample(SCENES[drawing.pose], len(SCENES[drawing.pose]))
    tones = order.sample(range(len(TONES)), len(TONES))
    lying = drawing.pose is Pose.LYING

    def staged(n: int, scale: float, color: str | None, shift: float = 0.0) -> Staging:
        return Staging(
            render=goods.render or "",
            color=color,
            pieces=goods.pieces,
            scene=scenes[(goods.look + n) % len(scenes)],
            tone=tones[(goods.look + n) % len(tones)],
            scale=scale,
            shift=shift,
            turn=TURNS[(goods.look + (n == 1)) % len(TURNS)] if lying else 0.0,
            mirrored=drawing.mirror and goods.look % 2 == 1,
        )

    first = Shot(staging=staged(0, rng.uniform(0.54, 0.66), goods.color, rng.uniform(-0.03, 0.03)))
    if near:
        # Resellers save a picture smaller, at a lower quality and slightly cropped.
        cut = (0.0125, 0.0125, 0.9875, 0.9875)
        yield Shot(staging=first.staging, crop=cut, long_edge=720, quality=58)
        yield Shot(staging=first.staging, long_edge=720, quality=58, watermark=True)
        return
    yield first
    yield Shot(
        staging=staged(1, rng.uniform(0.62, 0.7), _other_color(goods) or goods.color, rng.uniform(-0.08, 0.08)),
        aspect=rng.choice(((1200, 900), (900, 1200), (1200, 1200))),
        watermark=random.Random(f"{goods.id} {seller}").random() < (0.12 if seller == "main" else 0.5),  # noqa: S311
    )
    yield Shot(staging=staged(2, 0.84, goods.color), long_edge=1000)


def _other_color(goods: Goods) -> str | None:
    """Return the second color that the listing offers, if the render can be shown in it."""
    assert goods.render is not None
    colors = goods.options.get("Color", [])
    can = drawings()[goods.render].color is not None
    return colors[1] if can and len(colors) > 1 and colors[1] in COLORS else None
