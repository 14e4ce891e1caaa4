"""Marks from plants, weather, sky and animals."""

import math

from infra.writers.brandkit.marks.canvas import (
    Drawing,
    Sheet,
    at,
    disc,
    drop,
    fill,
    line,
    number_word,
    polygon,
    ring,
    star,
    stroke,
    vesica,
    xy,
)


def leaf(sheet: Sheet) -> Drawing:
    """Two leaves on a stem, unlike in size."""
    inks, lean = sheet.inks, sheet.rng.between(34, 44)
    foot, fork = (50.0, 92.0), (50.0, 62.0)
    high, low = at(fork, 54, -lean + 14), at((50, 74), 44, lean + 8)
    return Drawing(
        (
            fill(vesica(fork, high, 0.56), inks.main),
            fill(vesica((50, 74), low, 0.54), inks.spot),
            stroke(f"M{xy(foot)}V56", inks.main, 5),
        ),
        "two leaves on one stem, the younger still catching up",
    )


def sprig(sheet: Sheet) -> Drawing:
    """A stem with pairs of leaves and one on top."""
    inks, rng = sheet.inks, sheet.rng
    pairs, lean = 2 + rng.flip(), rng.between(48, 60)
    shapes = [line((50, 92), (50, 36), inks.main, 4.5)]
    for number in range(pairs):
        root = (50.0, 80.0 - number * (42 / pairs))
        reach = 38 - number * 5
        shapes.extend(fill(vesica(root, at(root, reach, side * lean), 0.42), inks.main) for side in (-1, 1))
    shapes.append(fill(vesica((50, 38), (50, 10), 0.44), inks.spot))
    return Drawing(tuple(shapes), f"a sprig of {number_word(pairs * 2 + 1)} leaves, the newest in another color")


def bloom(sheet: Sheet) -> Drawing:
    """Petals around a centre."""
    inks, rng = sheet.inks, sheet.rng
    petals = rng.pick((5, 6, 8))
    fullness, start = {5: 0.66, 6: 0.54, 8: 0.42}[petals], rng.pick((0.0, 180 / petals))
    shapes = [
        fill(
            vesica(at((50, 50), 12, start + k * 360 / petals), at((50, 50), 44, start + k * 360 / petals), fullness),
            inks.main,
        )
        for k in range(petals)
    ]
    return Drawing(
        (*shapes, disc((50, 50), 8.5, inks.spot)), f"a blossom of {number_word(petals)} petals seen from above"
    )


def cactus(sheet: Sheet) -> Drawing:
    """A cactus with two arms and a flower."""
    inks = sheet.inks
    high, low = sheet.rng.shuffled((44, 54))
    return Drawing(
        (
            stroke("M50 90V26", inks.main, 17),
            stroke(f"M50 {high + 18}H31A5 5 0 0 1 26 {high + 13}V{high - 6}", inks.main, 11),
            stroke(f"M50 {low + 18}H69A5 5 0 0 0 74 {low + 13}V{low - 6}", inks.main, 11),
            disc((50, 12), 6.5, inks.spot),
        ),
        "a cactus in flower, drawn in three strokes",
    )


def peaks(sheet: Sheet) -> Drawing:
    """Two summits and the sun between them."""
    inks, rng = sheet.inks, sheet.rng
    summit = rng.between(32, 40)
    sun = (summit + 33, 27.0)
    return Drawing(
        (
            disc(sun, 11, inks.spot),
            fill(polygon([(52, 84), (71, 46), (95, 84)]), inks.soft),
            fill(polygon([(5, 84), (summit, 22), (74, 84)]), inks.main),
        ),
        "two summits with the sun just clear of the ridge",
    )


def wave(sheet: Sheet) -> Drawing:
    """Rows of swell under a low sun."""
    inks = sheet.inks
    rise = sheet.rng.between(8, 11)
    shapes = [fill("M28 44A22 22 0 0 1 72 44Z", inks.spot)]
    for number, (left, right) in enumerate(((12, 88), (20, 80), (30, 70))):
        y, part = 57 + number * 15, (right - left) / 4
        shapes.append(
            stroke(
                f"M{left} {y}q{part / 2:.2f} {-rise:.2f} {part:.2f} 0t{part:.2f} 0t{part:.2f} 0t{part:.2f} 0",
                inks.main,
                6,
            )
        )
    return Drawing(tuple(shapes), "three lines of swell under a half-risen sun")


def sun(sheet: Sheet) -> Drawing:
    """A disc with long and short rays."""
    inks, rays = sheet.inks, sheet.rng.pick((10, 12, 16))
    shapes = [disc((50, 50), 18, inks.spot)]
    for k in range(rays):
        turn = k * 360 / rays
        shapes.append(line(at((50, 50), 27, turn), at((50, 50), 43 if k % 2 == 0 else 36, turn), inks.main, 5))
    return Drawing(tuple(shapes), f"a sun of {sheet.rng.pick(('long and short', 'uneven'))} rays")


def horizon(sheet: Sheet) -> Drawing:
    """A sun cut by lines that widen towards the horizon."""
    inks, rng = sheet.inks, sheet.rng
    radius, cuts = 40.0, rng.pick((4, 5))
    edges = [-radius, -4.0]
    step = (radius + 4) / cuts
    shapes = []
    bands = [(edges[0], edges[1])]
    for k in range(cuts - 1):
        top = -4 + k * step + 2.6 + k * 0.9
        bands.append((top, -4 + (k + 1) * step))
    for number, (top, bottom) in enumerate(bands):
        wide_top = math.sqrt(max(0.0, radius**2 - top**2))
        wide_bottom = math.sqrt(max(0.0, radius**2 - bottom**2))
        arc = "A40 40 0 0 1"
        path = (
            f"M{xy((50 - wide_top, 50 + top))}L{xy((50 + wide_top, 50 + top))}{arc} "
            f"{xy((50 + wide_bottom, 50 + bottom))}L{xy((50 - wide_bottom, 50 + bottom))}{arc} "
            f"{xy((50 - wide_top, 50 + top))}Z"
        )
        shapes.append(fill(path, inks.main if number == 0 else inks.spot if number == len(bands) - 1 else inks.main))
    shapes.append(line((10, 88), (90, 88), inks.spot, 4))
    return Drawing(tuple(shapes), "a sun going down behind scan lines")


def moon(sheet: Sheet) -> Drawing:
    """A crescent with a star in its arms."""
    inks, size = sheet.inks, sheet.rng.between(14, 18)
    return Drawing(
        (
            fill("M60 10A42 42 0 1 0 90 68A35 35 0 0 1 60 10Z", inks.main),
            fill(star((71, 37), size), inks.spot),
        ),
        "a crescent moon holding one star",
    )


def spark(sheet: Sheet) -> Drawing:
    """A large four-pointed star and a small one."""
    inks, side = sheet.inks, sheet.rng.pick((-1, 1))
    return Drawing(
        (
            fill(star((50 - side * 6, 54), 38, waist=0.2), inks.main),
            fill(star((50 + side * 28, 23), 15, waist=0.2), inks.spot),
        ),
        "a large spark and the smaller one it set off",
    )


def bolt(sheet: Sheet) -> Drawing:
    """A lightning bolt in a broken ring."""
    inks = sheet.inks
    gap = sheet.rng.pick((30, 45))
    start, end = at((50, 50), 41, gap), at((50, 50), 41, gap - 60)
    other, last = at((50, 50), 41, gap + 180), at((50, 50), 41, gap + 120)
    return Drawing(
        (
            stroke(f"M{xy(start)}A41 41 0 0 1 {xy(last)}", inks.main, 6),
            stroke(f"M{xy(other)}A41 41 0 0 1 {xy(end)}", inks.main, 6),
            fill(polygon([(57, 16), (29, 56), (47, 56), (42, 84), (71, 43), (53, 43)]), inks.spot),
        ),
        "a bolt that breaks the ring around it",
    )


def flame(sheet: Sheet) -> Drawing:
    """A flame within a flame over a line."""
    inks, lean = sheet.inks, sheet.rng.between(-5, 5)
    return Drawing(
        (
            fill(drop((50 + lean, 8), 25, 70), inks.main),
            fill(drop((50 + lean / 2, 40), 12, 34), inks.spot),
            line((28, 90), (72, 90), inks.main, 6),
        ),
        "a flame with a calmer one inside",
    )


def droplet(sheet: Sheet) -> Drawing:
    """A drop with a gleam."""
    inks = sheet.inks
    flip = sheet.rng.flip()
    gleam = "M36 60A15 15 0 0 0 48 76" if flip else "M64 60A15 15 0 0 1 52 76"
    return Drawing(
        (fill(drop((50, 8), 31, 84), inks.main), stroke(gleam, inks.spot, 6)),
        "a single drop with the light on one side",
    )


def paw(sheet: Sheet) -> Drawing:
    """A paw print with one toe in another color."""
    inks, odd = sheet.inks, sheet.rng.pick((0, 1, 2, 3))
    toes = ((20, 46, -24), (38, 27, -8), (62, 27, 8), (80, 46, 24))
    shapes = [
        f'<ellipse cx="{x}" cy="{y}" rx="9" ry="12.5" transform="rotate({turn} {x} {y})" '
        f'fill="{inks.spot if number == odd else inks.main}"/>'
        for number, (x, y, turn) in enumerate(toes)
    ]
    pad = "M50 47C63 47 75 61 75 72C75 82 67 87 59 84C53 82 47 82 41 84C33 87 25 82 25 72C25 61 37 47 50 47Z"
    return Drawing((*shapes, fill(pad, inks.main)), "a paw print, one toe of a different color")


def cat(sheet: Sheet) -> Drawing:
    """A cat's face reduced to ears and eyes."""
    inks = sheet.inks
    face = "M18 16Q20 10 26 14L42 26Q50 24 58 26L74 14Q80 10 82 16L86 56A36 34 0 0 1 14 56Z"
    wink = sheet.rng.flip(0.3)
    right = line((58, 55), (70, 55), inks.spot, 5) if wink else disc((64, 54), 6, inks.spot)
    return Drawing(
        (fill(face, inks.main), disc((36, 54), 6, inks.spot), right),
        "a cat's face, one eye closed" if wink else "a cat's face that is all ears and eyes",
    )


def bird(sheet: Sheet) -> Drawing:
    """A bird built from arcs, wing raised."""
    inks = sheet.inks
    return Drawing(
        (
            fill("M12 44H44A30 30 0 0 1 74 74H42A30 30 0 0 1 12 44Z", inks.main),
            fill("M44 44A26 26 0 0 1 70 18V44Z", inks.spot),
            fill("M74 74V40A14 14 0 0 1 88 26V60A14 14 0 0 1 74 74Z", inks.soft),
        ),
        "a small bird in three quarter-circles, about to leave",
    )


def fish(sheet: Sheet) -> Drawing:
    """A fish with a ripple."""
    inks = sheet.inks
    return Drawing(
        (
            fill(vesica((8, 46), (72, 46), 0.62), inks.main),
            fill("M66 46L90 28Q84 46 90 64Z", inks.spot),
            stroke("M18 82q8 -7 16 0t16 0t16 0t16 0", inks.soft, 5),
            ring((28, 42), 3, inks.spot, 3.4),
        ),
        "a fish above its own ripple",
    )
