"""Finds the mask of a product: the model's looks, fixed where the ground is plain, with the signals of doubt."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from scipy import ndimage

from infra.adapters.media.studio.ground import Ground, fit_ground
from infra.adapters.media.studio.judgment import judge
from infra.adapters.media.studio.plain_background import Outline, outline_on_plain_background
from infra.adapters.media.studio.seen_through import seen_through

Predict = Callable[[Image.Image], Image.Image]
"""Returns the model's mask of a photo, white where the product is; of any size."""

SIDE = 640
"""Masks are made on photos of at most this many pixels a side."""
HALF = 0.5
"""Probability from which a pixel is product."""
OPEN, SHUT = 0.1, 0.9
"""Between these probabilities a pixel is undecided."""
SMALLEST_HOLE, SMALLEST_PART = 25, 30
"""Pixels; less is noise."""
WALL = 0.55
"""Share of the surroundings of a hole that must be goods: a hole has walls, a pale part has only an outline."""
COLORED_WALL = 0.7
"""The same for a hole in shadow, with walls of another color than the ground."""
CERTAIN = 0.98
"""Model probability from which a region of the ground's hue may be goods of that hue."""
OPEN_HOLE = 0.9
"""Model probability below which a ground-colored region needs no walls to be a hole."""
STRONG = 3.0
"""Distance from the ground, in tolerances, from which a pixel is certainly not ground."""
THIN = 7
"""Half the width up to which a part is a strap or a cable, in pixels; a wider one may be a shadow."""
HINT = 0.04
"""Least model probability of a part that is added."""
AGREES = 0.85
"""Overlap with the outline from which the model's mask is kept, because its edge is finer."""
TOUCHED = 0.01
"""Share of the mask's edge on the photo's border from which the model looks closer."""
ALIKE = 0.02
"""The most that the mirrored photo's mask may differ to need no closer look."""
SAME = 0.1
"""The most that a look may differ from the first to be averaged with it."""
PANEL = 25.0
"""Distance from the ground within which a surface is the ground in another light, in levels."""
FAR = 12
"""Least distance that a thin part reaches from the mask, in pixels; nearer is a contact shadow."""
SHARP = 40
"""Difference of neighboring pixels that only things have, in levels."""
CALM = 10
"""Neighboring pixels that differ by less belong to one surface, in levels."""
FRAME = 0.12
"""Width of the photo's frame whose edges are the ground's own, as a share of the shorter side."""
CLEAR = {"undecided": 0.2, "ground_inside": 0.03, "goods_outside": 0.1, "lost_edges": 0.5, "pieces": 0.1}
"""The largest signals of a first look that needs no second one."""


@dataclass(frozen=True, slots=True)
class Mask:
    """The mask of a product."""

    image: Image.Image
    """White where the product is, with a soft edge."""
    signals: dict[str, float] = field(default_factory=dict)
    """See :mod:`.judgment`."""
    has_ground: bool = False
    """Whether the photo has a plain ground."""


def find_mask(image: Image.Image, predict: Predict) -> Mask | None:
    """Find the product.

    One look of the model is enough if it agrees with a plain ground. Else it looks at the mirrored photo too. If that
    decides nothing, it looks at the product's part of the photo, where the product is larger. A mask that a second look
    changes is doubtful, unless the change is plain ground. A mask that is doubtful before gets no further look, because
    doubts only add up.

    Returns:
        None if the photo shows no product that the model finds, and no flat one on a plain ground.
    """
    small = image.copy()
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=1.0)
    pixels = np.asarray(small)
    first = _enlarge(predict(image), small.size)
    outline = outline_on_plain_background(image)
    seen = _as_image(first)
    ground = fit_ground(pixels, first)
    if outline is not None and _is_thing(outline, first, ground):
        return Mask(outline.mask(), {"area": float(outline.filled.mean())}, has_ground=True)
    if not (first > HALF).any():
        return None
    plain = ground if ground is not None and ground.is_plain else None
    mask, hollow = _mend(first, plain)
    overlooked = 0.0 if outline is None or outline.agrees(seen) else 1.0
    signals = _measure(mask, plain) | {
        "hollow": hollow,
        "overlooked": overlooked,
        "seen_through": seen_through(pixels, mask > HALF, first),
    }
    if _is_clear(signals, plain) or _is_doubtful(signals, plain):
        return Mask(_as_image(mask), signals, has_ground=plain is not None)
    mirrored = _enlarge(predict(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)), small.size)[:, ::-1]
    signals["mirror"] = _dispute(first, mirrored, plain)
    changed = _difference(first, mirrored)
    looks = [first] if changed > SAME else [first, mirrored]
    if (signals["borders"] > TOUCHED or ALIKE < changed <= SAME) and not _is_doubtful(signals, plain):
        closer = _look_closer(image, first, predict)
        signals["scale"] = _dispute(first, closer, plain)
        if _difference(first, closer) <= SAME:
            looks.append(closer)
    mask, hollow = _mend(np.asarray(np.mean(looks, axis=0, dtype=np.float32)), plain)
    return Mask(_as_image(mask), signals | _measure(mask, plain) | {"hollow": hollow}, has_ground=plain is not None)


def _mend(probability: np.ndarray, ground: Ground | None) -> tuple[np.ndarray, float]:
    """Return the probability with holes opened and thin parts added, and the share of regions that may be holes.

    Without a plain ground, nothing is known about either.
    """
    if ground is None:
        return probability, 0.0
    mask = probability > HALF
    inside = ndimage.binary_erosion(mask)
    like = ground.distance < ground.tolerance
    holes = np.zeros_like(mask)
    possible = 0
    regions, _ = ndimage.label(
        ndimage.binary_opening((like | ground.shade) & inside, iterations=1 if ground.shade.any() else 2)
    )
    for number, found in enumerate(ndimage.find_objects(regions), start=1):
        box = _grown(found, 10, mask.shape)
        region = regions[box] == number
        size = int(region.sum())
        if size < SMALLEST_HOLE:
            continue
        if _is_hole(region, mask[box], probability[box], ground, box):
            holes[box] |= region
        elif _is_even(region, ground, box):
            possible += size
    if holes.any():
        holes = _with_shadows(holes | _shaded_holes(holes, ground, inside), ground, inside)
        probability = probability * (1 - ndimage.gaussian_filter(holes.astype(np.float32), 0.7))
    added = _thin_parts(probability, ground)
    if added.any():
        probability = np.maximum(probability, ndimage.gaussian_filter(added.astype(np.float32), 0.7))
    return probability, possible / max(1, int(mask.sum()))


def _with_shadows(holes: np.ndarray, ground: Ground, inside: np.ndarray) -> np.ndarray:
    """Return holes with their edges and with the soft shadows on the ground in them."""
    calm, _ = ndimage.label((ground.contrast < CALM) & ground.may_be_shadow & inside | holes)
    grown = np.isin(calm, np.unique(calm[holes]))
    if grown.sum() <= 2 * holes.sum():  # more has leaked into the product
        holes = grown
    # Contrast begins a pixel before an edge, and an opening was made before.
    return np.asarray(ndimage.binary_dilation(holes, iterations=2))


def _shaded_holes(holes: np.ndarray, ground: Ground, inside: np.ndarray) -> np.ndarray:
    """Return the holes in shadow of a product that has a hole in the light: the links of a chain."""
    dark = ndimage.binary_opening(ground.may_be_shadow & (ground.contrast < CALM) & inside & ~holes)
    regions, _ = ndimage.label(dark)
    shaded = np.zeros_like(holes)
    for number, found in enumerate(ndimage.find_objects(regions), start=1):
        box = _grown(found, 10, holes.shape)
        region = regions[box] == number
        if region.sum() < SMALLEST_HOLE:
            continue
        around = ndimage.binary_dilation(region, iterations=5) & ~ndimage.binary_dilation(region, iterations=2)
        colored = (ground.distance[box] > STRONG * ground.tolerance) & ~ground.may_be_shadow[box]
        if colored[around].mean() >= COLORED_WALL:
            shaded[box] |= region
    return shaded


def _is_even(region: np.ndarray, ground: Ground, box: tuple[slice, ...]) -> bool:
    """Return whether a region is as even as the ground and has its color."""
    distance = ground.distance[box][region]
    return bool(np.median(distance) <= ground.spread and distance.std() <= 1.2 * ground.spread)


def _is_hole(
    region: np.ndarray, mask: np.ndarray, probability: np.ndarray, ground: Ground, box: tuple[slice, ...]
) -> bool:
    """Return whether a ground-colored region within the mask is ground that shows through the product."""
    if ground.shade[box][region].mean() > HALF and float(probability[region].mean()) < CERTAIN:
        return True  # gray goods do not have a colored ground's hue
    if not _is_even(region, ground, box) or ground.blown[box][region].mean() > HALF:
        return False
    if float(probability[region].mean()) < OPEN_HOLE:
        return True
    # The walls of a small hole, such as a chain's link, are thin too.
    reach = 2 + int(min(7.0, max(3.0, region.sum() ** 0.5 / 4)))
    around = ndimage.binary_dilation(region, iterations=reach) & ~ndimage.binary_dilation(region, iterations=2)
    goods = (ground.distance[box] > 1.5 * ground.tolerance) & mask
    return bool(goods[around].mean() >= WALL)


def _thin_parts(probability: np.ndarray, ground: Ground) -> np.ndarray:
    """Return straps, cables and laces that the model overlooks: thin, not of the ground's color, attached."""
    mask = probability > HALF
    differs = (ground.distance > STRONG * ground.tolerance) & ~ground.shade
    parts, _ = ndimage.label((differs & (probability > HINT)) | mask)
    attached = np.isin(parts, np.unique(parts[mask])) & differs & ~mask
    # A part that stays after an opening is thick: a shadow or another thing.
    thick = ndimage.binary_dilation(ndimage.binary_erosion(attached, iterations=THIN), iterations=THIN + 2)
    thin, _ = ndimage.label(attached & ~thick)
    wanted = np.bincount(thin.ravel()) >= SMALLEST_PART
    wanted[0] = False
    if not wanted.any():
        return np.zeros_like(mask)
    # A part reaches far if one of its pixels does; scipy's maximum by label sorts the whole photo.
    far = np.zeros_like(wanted)
    far[thin[ndimage.distance_transform_edt(~mask) >= FAR]] = True
    return np.asarray((wanted & far)[thin])


def _measure(probability: np.ndarray, ground: Ground | None) -> dict[str, float]:
    """Return the signals that need no second look."""
    mask = probability > HALF
    size = max(1, int(mask.sum()))
    edge = mask & ~ndimage.binary_erosion(mask, border_value=1)
    sides = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    labels, count = ndimage.label(mask)
    signals = {
        "area": size / mask.size,
        "undecided": float(((probability > OPEN) & (probability < SHUT)).sum()) / size,
        "borders": sum(int(side.sum()) for side in sides) / max(1, int(edge.sum())),
        "pieces": 1 - float(np.bincount(labels.ravel())[1:].max()) / size if count else 1.0,
    }
    if ground is None:
        return signals
    inside = ndimage.binary_erosion(mask, iterations=3)
    outside = ~ndimage.binary_dilation(probability > 0.3, iterations=6)
    shadow = ground.may_be_shadow & (ground.contrast < CALM)
    return signals | {
        "ground_inside": float(((ground.distance < ground.tolerance) & inside).sum()) / size,
        "goods_outside": float(((ground.distance > STRONG * ground.tolerance) & outside & ~shadow).sum()) / size,
        "lost_edges": _lost_edges(ground.contrast > SHARP, outside) / max(1, int(edge.sum())),
    }


def _lost_edges(edges: np.ndarray, outside: np.ndarray) -> float:
    """Return the pixels of edges outside a mask that the ground's own edges, such as joints of planks, do not explain.

    Two sides of the photo's frame show how many edges the ground has: joints run from side to side, and things are
    rarely at two of them.
    """
    width = max(1, round(FRAME * min(edges.shape)))
    middle = slice(width, -width)
    sides = (np.s_[:width, middle], np.s_[-width:, middle], np.s_[middle, :width], np.s_[middle, -width:])
    density = sorted(float((edges[side] & outside[side]).sum()) / max(1, int(outside[side].sum())) for side in sides)[
        -2
    ]
    inside = np.s_[middle, middle]
    return max(0.0, float((edges[inside] & outside[inside]).sum()) - density * float(outside[inside].sum()))


def _is_clear(signals: dict[str, float], ground: Ground | None) -> bool:
    return (
        ground is not None
        and signals["borders"] <= TOUCHED
        and signals["hollow"] == 0
        and signals["overlooked"] == 0
        and all(signals[name] <= most for name, most in CLEAR.items())
    )


def _is_doubtful(signals: dict[str, float], ground: Ground | None) -> bool:
    return judge(signals, has_ground=ground is not None).needs_review


def _look_closer(image: Image.Image, probability: np.ndarray, predict: Predict) -> np.ndarray:
    """Return the model's probability from the product's part of the photo."""
    found = probability > 0.3
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    height, width = probability.shape
    down, across = 4 + round(0.12 * (rows[-1] - rows[0])), 4 + round(0.12 * (columns[-1] - columns[0]))
    top, bottom = max(0, rows[0] - down), min(height, rows[-1] + 1 + down)
    left, right = max(0, columns[0] - across), min(width, columns[-1] + 1 + across)
    scale = image.width / width
    part = image.crop((round(left * scale), round(top * scale), round(right * scale), round(bottom * scale)))
    closer = np.zeros_like(probability)
    closer[top:bottom, left:right] = _enlarge(predict(part), (right - left, bottom - top))
    return closer


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    """Return the part of two masks that only one of them has: 0 if they are equal, 1 if they share nothing."""
    first, second = one > HALF, other > HALF
    return 1 - float((first & second).sum()) / max(1, int((first | second).sum()))


def _dispute(first: np.ndarray, other: np.ndarray, ground: Ground | None) -> float:
    """Return the difference between two looks, without what the other look adds and a plain ground's color disproves."""
    if ground is not None:
        other = np.where((first <= HALF) & (ground.distance < ground.tolerance), first, other)
    return _difference(first, other)


def _overlaps(outline: Outline, probability: np.ndarray) -> bool:
    filled = np.asarray(Image.fromarray(outline.filled).resize(probability.shape[::-1], Image.Resampling.NEAREST))
    return 1 - _difference(filled.astype(np.float32), probability) >= AGREES


def _is_thing(outline: Outline, probability: np.ndarray, ground: Ground | None) -> bool:
    """Return whether an outline is that of a flat product, such as a print, of which the model sees only a part.

    An outline on the ground itself, such as a wall's panel, has the product before it.
    """
    if not outline.is_flat or _overlaps(outline, probability) or not outline.surrounds(_as_image(probability)):
        return False
    if ground is None:
        return True
    filled = np.asarray(Image.fromarray(outline.filled).resize(probability.shape[::-1], Image.Resampling.NEAREST))
    around = filled & ~ndimage.binary_dilation(probability > OPEN, iterations=6)
    return not (around.any() and (ground.distance < PANEL)[around].mean() > HALF)


def _enlarge(mask: Image.Image, size: tuple[int, int]) -> np.ndarray:
    large = mask.convert("L").resize(size, Image.Resampling.BICUBIC)
    return np.asarray(large, dtype=np.float32) / 255


def _as_image(probability: np.ndarray) -> Image.Image:
    return Image.fromarray((probability.clip(0, 1) * 255).round().astype(np.uint8), "L")


def _grown(box: tuple[slice, ...], by: int, shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(
        slice(max(0, part.start - by), min(length, part.stop + by)) for part, length in zip(box, shape, strict=True)
    )
