"""Marks from things one can hold, wear or sit on."""

import math

from infra.writers.brandkit.marks.canvas import (
    Drawing,
    Sheet,
    at,
    box,
    disc,
    drop,
    fill,
    frame,
    line,
    num,
    number_word,
    polygon,
    ring,
    stroke,
    xy,
)


def vase(sheet: Sheet) -> Drawing:
    """A thrown pot, its rim dipped in glaze."""
    inks, rng = sheet.inks, sheet.rng
    belly, neck, at_height = rng.between(27, 33), rng.between(11, 16), rng.between(0.52, 0.64)
    foot, lip = rng.between(15, 19), rng.between(3, 6)
    top, bottom, dip = 10.0, 90.0, rng.between(0.36, 0.46)

    def half_width(part: float) -> float:
        if part < 0.16:
            return neck + lip * (1 - part / 0.16) ** 2
        if part < at_height:
            ease = (1 - math.cos(math.pi * (part - 0.16) / (at_height - 0.16))) / 2
            return neck + (belly - neck) * ease
        ease = (1 - math.cos(math.pi * (part - at_height) / (1 - at_height))) / 2
        return belly + (foot - belly) * ease

    def body(start: float, end: float) -> str:
        parts = [start + (end - start) * k / 20 for k in range(21)]
        right = [(50 + half_width(p), top + (bottom - top) * p) for p in parts]
        left = [(100 - x, y) for x, y in reversed(right)]
        return polygon(right + left)

    return Drawing(
        (fill(body(0, dip), inks.spot), fill(body(dip + 0.045, 1), inks.main)),
        "a pot with its shoulder dipped in glaze",
    )


def cup(sheet: Sheet) -> Drawing:
    """A cup with steam."""
    inks, wisps = sheet.inks, sheet.rng.pick((2, 3))
    xs = (34, 54) if wisps == 2 else (28, 44, 60)
    return Drawing(
        (
            fill("M14 44H74V58A26 26 0 0 1 48 84H40A26 26 0 0 1 14 58Z", inks.main),
            stroke("M74 50H78A10 10 0 0 1 78 70H71", inks.main, 6),
            *(stroke(f"M{x} 34q-6 -6 0 -12t0 -12", inks.spot, 5) for x in xs),
        ),
        "a full cup, still steaming",
    )


def pot(sheet: Sheet) -> Drawing:
    """A cooking pot with its lid just lifted."""
    inks, lift = sheet.inks, sheet.rng.between(-7, 7)
    return Drawing(
        (
            fill("M18 50H82V70A14 14 0 0 1 68 84H32A14 14 0 0 1 18 70Z", inks.main),
            line((8, 56), (18, 56), inks.main, 7),
            line((82, 56), (92, 56), inks.main, 7),
            f'<g transform="rotate({num(lift)} 50 40)">'
            + fill("M20 41A30 22 0 0 1 80 41Z", inks.main)
            + disc((50, 14), 5.5, inks.spot)
            + "</g>",
        ),
        "a pot with the lid just lifted",
    )


def bottle(sheet: Sheet) -> Drawing:
    """A bottle with a drop for a label."""
    inks, wide = sheet.inks, sheet.rng.pick((24, 27))
    left = 50 - wide
    return Drawing(
        (
            box(41, 8, 18, 11, inks.spot, radius=3),
            fill(
                f"M43 23H57V30C57 36 {50 + wide} 38 {50 + wide} 50V82A8 8 0 0 1 {42 + wide} 90H{left + 8}"
                f"A8 8 0 0 1 {left} 82V50C{left} 38 43 36 43 30Z",
                inks.main,
            ),
            fill(drop((50, 52), 9, 26), inks.spot),
        ),
        "a small bottle that carries a drop as its label",
    )


def candle(sheet: Sheet) -> Drawing:
    """A candle in a glass."""
    inks = sheet.inks
    level = sheet.rng.between(56, 62)
    return Drawing(
        (
            fill(drop((50, 8), 11, 34), inks.spot),
            line((50, 46), (50, 52), inks.main, 4),
            fill(f"M26 {num(level)}H74V78A12 12 0 0 1 62 90H38A12 12 0 0 1 26 78Z", inks.main),
            stroke(f"M26 {num(level)}V46M74 {num(level)}V46", inks.main, 4),
        ),
        "a candle burning low in its glass",
    )


def chair(sheet: Sheet) -> Drawing:
    """A chair in profile."""
    inks, rake = sheet.inks, sheet.rng.between(4, 8)
    return Drawing(
        (
            stroke(f"M{num(28 - rake)} 12L30 56H70", inks.main, 7),
            stroke(f"M31 60L{num(26 - rake / 2)} 90M67 60L74 90", inks.main, 6),
            box(34, 43, 38, 10, inks.spot, radius=5),
        ),
        "a chair in profile, cushion ready",
    )


def lamp(sheet: Sheet) -> Drawing:
    """A pendant lamp and the light it gives."""
    inks, rays = sheet.inks, sheet.rng.pick((3, 5))
    angles = (155, 180, 205) if rays == 3 else (130, 155, 180, 205, 230)
    return Drawing(
        (
            line((50, 6), (50, 28), inks.main, 4.5),
            fill("M16 58A34 34 0 0 1 84 58Z", inks.main),
            fill("M39 62H61A11 11 0 0 1 39 62Z", inks.spot),
            *(line(at((50, 58), 24, turn), at((50, 58), 35, turn), inks.spot, 5) for turn in angles),
        ),
        "a pendant lamp and the light under it",
    )


def book(sheet: Sheet) -> Drawing:
    """An open book with a ribbon or a star above it."""
    inks = sheet.inks
    page = "M47 34C38 26 24 24 8 26V78C24 76 38 78 47 86Z"
    mirrored = "M53 34C62 26 76 24 92 26V78C76 76 62 78 53 86Z"
    spot = fill("M66 22V54L72 48L78 54V20.5Z", inks.spot) if sheet.rng.flip() else disc((50, 16), 8, inks.spot)
    return Drawing((fill(page, inks.main), fill(mirrored, inks.main), spot), "a book that has been left open")


def record(sheet: Sheet) -> Drawing:
    """A record with grooves and a label."""
    inks, rng = sheet.inks, sheet.rng
    shapes = [disc((50, 50), 42, inks.main), disc((50, 50), 16, inks.spot), disc((50, 50), 4, inks.main)]
    turn = rng.between(20, 60)
    for radius in (24, 32):
        for half in (0, 180):
            start, end = at((50, 50), radius, turn + half), at((50, 50), radius, turn + half + 62)
            shapes.append(stroke(f"M{xy(start)}A{radius} {radius} 0 0 1 {xy(end)}", inks.spot, 2.6))
    return Drawing(tuple(shapes), "a record turning under its own light")


def levels(sheet: Sheet) -> Drawing:
    """Bars of sound."""
    inks, rng = sheet.inks, sheet.rng
    heights = rng.pick(((26, 52, 78, 44, 62), (40, 70, 34, 80, 50), (30, 60, 84, 60, 30)))
    tallest = max(heights)
    return Drawing(
        tuple(
            line(
                (14 + k * 18, 50 - (height - 10) / 2),
                (14 + k * 18, 50 + (height - 10) / 2),
                inks.spot if height == tallest else inks.main,
                10,
            )
            for k, height in enumerate(heights)
        ),
        "five bars of sound, the loudest in another color",
    )


def aperture(sheet: Sheet) -> Drawing:
    """The blades of a lens, half open."""
    inks, rng = sheet.inks, sheet.rng
    blades, opening = rng.pick((6, 7, 8)), rng.between(15, 20)
    corners = [at((50, 50), opening, k * 360 / blades) for k in range(blades)]
    shapes = [ring((50, 50), 40, inks.main, 7)]
    for k in range(blades):
        (x1, y1), (x2, y2) = corners[k - 1], corners[k]
        length = math.dist((x1, y1), (x2, y2))
        dx, dy = (x2 - x1) / length, (y2 - y1) / length
        # The intersection of the blade's edge with the ring: solve |p + t d| = 39.
        px, py = x2 - 50, y2 - 50
        along = px * dx + py * dy
        reach = -along + math.sqrt(along**2 - (px**2 + py**2 - 39**2))
        shapes.append(line((x1, y1), (x2 + dx * reach, y2 + dy * reach), inks.main, 4.2))
    shapes.append(disc((50, 50), opening * 0.42, inks.spot))
    return Drawing(tuple(shapes), f"an aperture of {number_word(blades)} blades, half open")


def gem(sheet: Sheet) -> Drawing:
    """A cut stone, seen from the side."""
    inks = sheet.inks
    crown = sheet.rng.between(36, 40)
    y = num(crown)
    return Drawing(
        (
            fill(f"M28 16H45L33 {y}H8Z", inks.main),
            fill(f"M48.5 16H51.5L63 {y}H37Z", inks.spot),
            fill(f"M55 16H72L92 {y}H67Z", inks.main),
            fill(f"M8 {num(crown + 4)}H33L46 84Z", inks.main),
            fill(f"M37 {num(crown + 4)}H63L50 88Z", inks.soft),
            fill(f"M67 {num(crown + 4)}H92L54 84Z", inks.main),
        ),
        "a cut stone with one facet alight",
    )


def band(sheet: Sheet) -> Drawing:
    """A ring with a stone."""
    inks = sheet.inks
    return Drawing(
        (
            ring((50, 62), 28, inks.main, 8),
            fill(polygon([(50, 40), (34, 22), (41, 10), (59, 10), (66, 22)]), inks.spot),
        ),
        "a ring and the stone it was made for",
    )


def dial(sheet: Sheet) -> Drawing:
    """A watch face at ten past ten."""
    inks = sheet.inks
    hours = sheet.rng.pick((4, 12))
    ticks = [
        line(at((50, 50), 31, k * 360 / hours), at((50, 50), 34 if hours == 12 else 32, k * 360 / hours), inks.main, 4)
        for k in range(hours)
    ]
    return Drawing(
        (
            ring((50, 50), 41, inks.main, 6),
            *ticks,
            line((50, 50), at((50, 50), 17, -58), inks.main, 6),
            line((50, 50), at((50, 50), 23, 60), inks.spot, 6),
        ),
        "a dial at ten past ten",
    )


def bag(sheet: Sheet) -> Drawing:
    """A bag with a clasp."""
    inks, flap = sheet.inks, sheet.rng.between(58, 64)
    return Drawing(
        (
            stroke("M34 36V28A16 16 0 0 1 66 28V36", inks.main, 6),
            fill("M18 36H82L88 80A8 8 0 0 1 80 88H20A8 8 0 0 1 12 80Z", inks.main),
            fill(f"M44 48H56V{num(flap)}A6 6 0 0 1 44 {num(flap)}Z", inks.spot),
        ),
        "a bag, its clasp the only ornament",
    )


def hanger(sheet: Sheet) -> Drawing:
    """A clothes hanger with a thread of color."""
    inks = sheet.inks
    return Drawing(
        (
            stroke("M42 24A9 9 0 1 1 54 32Q50 34 50 42", inks.main, 6),
            stroke("M50 42L90 70Q94 76 86 76H14Q6 76 10 70Z", inks.main, 6),
            line((30, 88), (70, 88), inks.spot, 5),
        ),
        "a hanger with one line of color under it",
    )


def needle(sheet: Sheet) -> Drawing:
    """A needle and its thread."""
    inks = sheet.inks
    loop = "M73 27C96 40 84 62 62 54C40 46 22 62 34 78C42 88 58 86 66 80"
    eyelet = (
        '<ellipse cx="73" cy="27" rx="6" ry="13" transform="rotate(45 73 27)" fill="none" '
        f'stroke="{inks.main}" stroke-width="5.5"/>'
    )
    return Drawing(
        (
            stroke(loop, inks.spot, 5),
            line((14, 86), (66, 34), inks.main, 7),
            eyelet,
        ),
        "a needle with its thread still moving",
    )


def pencil(sheet: Sheet) -> Drawing:
    """A pencil tip that leaves a line."""
    inks = sheet.inks
    return Drawing(
        (
            fill("M50 8L72 52A40 40 0 0 1 28 52Z", inks.main),
            fill("M50 8L58 24H42Z", inks.spot),
            fill("M28 60A44 44 0 0 0 72 60V84A6 6 0 0 1 66 90H34A6 6 0 0 1 28 84Z", inks.main),
        ),
        "the tip of a pencil, color first",
    )


def blocks(sheet: Sheet) -> Drawing:
    """Building blocks: square, circle, triangle."""
    inks = sheet.inks
    main, soft, spot = sheet.rng.shuffled((inks.main, inks.soft, inks.spot))
    return Drawing(
        (
            fill(polygon([(50, 8), (73, 48), (27, 48)]), spot),
            box(12, 54, 36, 36, main, radius=6),
            disc((71, 72), 18, soft),
        ),
        "a triangle balanced on a square and a ball",
    )


def keycap(sheet: Sheet) -> Drawing:
    """A keyboard key from above."""
    inks = sheet.inks
    legend = sheet.rng.pick(("M40 34L54 46L40 58", "M38 46H62M50 34V58", "M38 40L50 52L62 40"))
    return Drawing(
        (
            frame(12, 12, 76, 76, inks.main, 6, 16),
            box(24, 20, 52, 52, inks.main, radius=10),
            stroke(legend, inks.spot, 6),
        ),
        "a single keycap with a prompt on it",
    )


def wheel(sheet: Sheet) -> Drawing:
    """A wheel and its spokes."""
    inks, spokes = sheet.inks, sheet.rng.pick((5, 6, 8))
    return Drawing(
        (
            ring((50, 50), 39, inks.main, 8),
            *(line(at((50, 50), 14, k * 360 / spokes), at((50, 50), 36, k * 360 / spokes), inks.main, 5)
              for k in range(spokes)),
            disc((50, 50), 10, inks.spot),
        ),
        f"a wheel of {number_word(spokes)} spokes around a bright hub",
    )  # fmt: skip


def ball(sheet: Sheet) -> Drawing:
    """A ball and its seams."""
    inks = sheet.inks
    turn = sheet.rng.pick((0, 20, 45, -25))
    seams = stroke("M50 9V91M9 50H91M21 21A41 41 0 0 1 21 79M79 21A41 41 0 0 0 79 79", inks.spot, 4)
    return Drawing(
        (disc((50, 50), 41, inks.main), f'<g transform="rotate({turn} 50 50)">{seams}</g>'),
        "a ball in play, seams showing",
    )


def wrench(sheet: Sheet) -> Drawing:
    """A hex nut with a turned core."""
    inks, turn = sheet.inks, sheet.rng.pick((0, 30))
    outer = [at((50, 50), 43, turn + k * 60) for k in range(6)]
    return Drawing(
        (
            stroke(polygon(outer), inks.main, 7),
            ring((50, 50), 20, inks.main, 7),
            line(at((50, 50), 6, 0), at((50, 50), 6, 180), inks.spot, 6),
        ),
        "a nut and the bolt inside it",
    )
