"""Marks from places, direction and pure geometry."""

from infra.writers.brandkit.marks.canvas import (
    Drawing,
    Sheet,
    at,
    box,
    disc,
    fill,
    line,
    num,
    number_word,
    polygon,
    ring,
    stroke,
    vesica,
    xy,
)

_LETTERS = {
    "A": "M27 78L50 22L73 78M36 58H64",
    "B": "M33 22V78H54A14 14 0 0 0 54 50H33M33 22H51A14 14 0 0 1 51 50",
    "C": "M71 33A28 28 0 1 0 71 67",
    "D": "M32 22V78H44A28 28 0 0 0 44 22Z",
    "E": "M67 22H34V78H67M34 50H61",
    "F": "M67 22H35V78M35 50H61",
    "G": "M70 32A28 28 0 1 0 77 53H55",
    "H": "M31 22V78M69 22V78M31 50H69",
    "I": "M50 22V78",
    "J": "M62 22V60A16 16 0 0 1 30 62",
    "K": "M33 22V78M68 22L35 53M46 43L70 78",
    "L": "M35 22V78H68",
    "M": "M25 78V22L50 58L75 22V78",
    "N": "M30 78V22L70 78V22",
    "O": "M50 22A28 28 0 1 1 49.9 22Z",
    "P": "M34 78V22H54A16 16 0 0 1 54 54H34",
    "Q": "M50 22A28 28 0 1 1 49.9 22ZM60 61L74 78",
    "R": "M34 78V22H54A16 16 0 0 1 54 54H34M53 54L70 78",
    "S": "M67 32C62 25 56 22 50 22C40 22 34 28 34 35C34 44 42 47 50 50C59 53 67 56 67 65C67 73 60 78 50 78C42 78 36 75 32 68",
    "T": "M28 22H72M50 22V78",
    "U": "M30 22V58A20 20 0 0 0 70 58V22",
    "V": "M28 22L50 78L72 22",
    "W": "M20 22L36 78L50 38L64 78L80 22",
    "X": "M30 22L70 78M70 22L30 78",
    "Y": "M28 22L50 52L72 22M50 52V78",
    "Z": "M30 22H70L30 78H70",
}

_SPRITES = {
    "a small invader": (
        "..#...#..",
        "...#.#...",
        "..#####..",
        ".##o#o##.",
        "#########",
        "#.#####.#",
        "#.#...#.#",
        "...#.#...",
    ),
    "a heart that still has lives left": (
        ".##...##.",
        "####.####",
        "##o######",
        "#########",
        ".#######.",
        "..#####..",
        "...###...",
        "....#....",
    ),
    "a crystal worth a thousand points": (
        "....#....",
        "...#o#...",
        "..##o##..",
        ".###oo##.",
        ".###oo##.",
        "..##o##..",
        "...#o#...",
        "....#....",
    ),
    "a mushroom of the helpful kind": (
        "...###...",
        "..#####..",
        ".##o#o##.",
        "###o#o###",
        "#########",
        "...ooo...",
        "...ooo...",
        "..ooooo..",
    ),
}


def monogram(sheet: Sheet) -> Drawing:
    """The brand's initial inside a simple outline."""
    inks = sheet.inks
    letter = sheet.letter if sheet.letter in _LETTERS else "O"
    outline = sheet.rng.pick(("circle", "hexagon", "arch", "diamond"))
    match outline:
        case "circle":
            around = ring((50, 50), 43, inks.main, 5)
        case "hexagon":
            around = stroke(polygon([at((50, 50), 45, k * 60) for k in range(6)]), inks.main, 5)
        case "arch":
            around = stroke("M10 92V48A40 40 0 0 1 90 48V92Z", inks.main, 5)
        case _:
            around = stroke(polygon([at((50, 50), 46, k * 90) for k in range(4)]), inks.main, 5)
    size, shift = {"circle": (0.78, 0), "hexagon": (0.76, 0), "arch": (0.84, 4), "diamond": (0.58, 0)}[outline]
    inner = (
        f'<g transform="translate({num(50 - 50 * size)} {num(50 - 50 * size + shift)}) scale({num(size)})">'
        + stroke(_LETTERS[letter], inks.spot if outline == "diamond" else inks.main, 11)
        + "</g>"
    )
    dot = () if outline == "diamond" else (disc(_dot_of(outline), 5.5, inks.spot),)
    article = "an" if outline == "arch" else "a"
    return Drawing((around, inner, *dot), f"the initial {letter} in {article} {outline}")


def _dot_of(outline: str) -> tuple[float, float]:
    return {"circle": (80.4, 19.6), "hexagon": (89.0, 27.5), "arch": (90.0, 92.0)}[outline]


def circuit(sheet: Sheet) -> Drawing:
    """A chip and the traces that leave it."""
    inks, rng = sheet.inks, sheet.rng
    spread = rng.pick((13, 15))
    shapes = [box(31, 31, 38, 38, inks.main, radius=8), box(43, 43, 14, 14, inks.spot, radius=3)]
    for side in range(4):
        for offset in (-spread, spread):
            x, bend = 50 + offset, 50 + offset * 1.9
            trace = stroke(f"M{num(x)} 31V22L{num(bend)} 12", inks.main, 4) + disc((bend, 10), 5, inks.main)
            shapes.append(f'<g transform="rotate({side * 90} 50 50)">{trace}</g>')
    return Drawing(tuple(shapes), "a core with eight traces leaving it")


def hexagon(sheet: Sheet) -> Drawing:
    """A cube seen from its corner."""
    inks = sheet.inks
    top, left, right = sheet.rng.shuffled((inks.spot, inks.main, inks.soft)) if sheet.rng.flip(0.4) else (
        inks.spot, inks.main, inks.soft
    )  # fmt: skip
    return Drawing(
        (
            fill(polygon([(50, 8), (85, 28), (50, 48), (15, 28)]), top),
            fill(polygon([(12, 33), (47, 53), (47, 92), (12, 72)]), left),
            fill(polygon([(88, 33), (53, 53), (53, 92), (88, 72)]), right),
        ),
        "a cube seen from its corner, three faces for three colors",
    )


def facets(sheet: Sheet) -> Drawing:
    """Nested hexagons, turning."""
    inks, turn = sheet.inks, sheet.rng.pick((0, 30))
    return Drawing(
        (
            stroke(polygon([at((50, 50), 44, turn + k * 60) for k in range(6)]), inks.main, 6),
            stroke(polygon([at((50, 50), 27, turn + 30 + k * 60) for k in range(6)]), inks.main, 5),
            fill(polygon([at((50, 50), 11, turn + k * 60) for k in range(6)]), inks.spot),
        ),
        "hexagons inside hexagons, each turned a little further",
    )


def honeycomb(sheet: Sheet) -> Drawing:
    """Seven cells, one filled."""
    inks, lit = sheet.inks, sheet.rng.pick(range(6))
    shapes = []
    for k in range(6):
        center = at((50, 50), 29, 30 + k * 60)
        cell = polygon([at(center, 14.4, j * 60) for j in range(6)])
        shapes.append(fill(cell, inks.spot if k == lit else inks.main))
    shapes.append(fill(polygon([at((50, 50), 14.4, j * 60) for j in range(6)]), inks.main))
    return Drawing(tuple(shapes), "a comb of seven cells, one of them full")


def arch(sheet: Sheet) -> Drawing:
    """Arches within arches."""
    inks, low = sheet.inks, sheet.rng.flip()
    inner = fill("M38 90V66A12 12 0 0 1 62 66V90Z", inks.spot) if low else disc((50, 77), 12, inks.spot)
    return Drawing(
        (
            stroke("M12 90V52A38 38 0 0 1 88 52V90", inks.main, 7),
            stroke("M26 90V56A24 24 0 0 1 74 56V90", inks.main if low else inks.soft, 6),
            inner,
        ),
        "an arch within an arch, and a light on at the end",
    )


def house(sheet: Sheet) -> Drawing:
    """A roof over an open door."""
    inks, side = sheet.inks, sheet.rng.pick((40, 50, 60))
    return Drawing(
        (
            stroke("M10 48L50 14L90 48", inks.main, 8),
            stroke("M21 50V88H79V50", inks.main, 7),
            fill(f"M{side - 10} 84V66A10 10 0 0 1 {side + 10} 66V84Z", inks.spot),
        ),
        "a roof, four walls and a door with the light on",
    )


def window(sheet: Sheet) -> Drawing:
    """A round-headed window with a sill."""
    inks, rng = sheet.inks, sheet.rng
    panes = [inks.main, inks.main, inks.main, inks.main]
    panes[rng.pick((0, 1, 2, 3))] = inks.spot
    return Drawing(
        (
            fill("M47 44V10A31 31 0 0 0 18 41V44Z", panes[0]),
            fill("M53 44V10A31 31 0 0 1 82 41V44Z", panes[1]),
            fill("M18 50H47V80H18Z", panes[2]),
            fill("M53 50H82V80H53Z", panes[3]),
            line((12, 90), (88, 90), inks.main, 6),
        ),
        "a window with one pane lit",
    )


def tent(sheet: Sheet) -> Drawing:
    """A tent under one star."""
    inks, moon = sheet.inks, sheet.rng.pick((24, 76))
    return Drawing(
        (
            fill("M46 30L8 86H38L46 62Z", inks.main),
            fill("M54 30L92 86H62L54 62Z", inks.main),
            fill("M50 66L57 86H43Z", inks.spot),
            disc((moon, 20), 7, inks.spot),
        ),
        "a tent with its flap open, one light in the sky",
    )


def compass(sheet: Sheet) -> Drawing:
    """A compass needle in its ring."""
    inks, turn = sheet.inks, sheet.rng.pick((24, 38, 52))
    needle = (
        fill(polygon([(50, 20), (60, 50), (40, 50)]), inks.spot)
        + fill(polygon([(50, 80), (60, 50), (40, 50)]), inks.main)
    )  # fmt: skip
    return Drawing(
        (ring((50, 50), 42, inks.main, 6), f'<g transform="rotate({turn} 50 50)">{needle}</g>'),
        "a compass needle that has made up its mind",
    )


def stride(sheet: Sheet) -> Drawing:
    """Slanted bars that gather speed."""
    inks, lean = sheet.inks, sheet.rng.between(20, 28)
    heights = ((8, 34), (33, 52), (58, 72))
    shapes = []
    for k, (x, tall) in enumerate(heights):
        top, bottom = 50 - tall / 2, 50 + tall / 2
        slant = lean * tall / 72
        shapes.append(
            fill(
                polygon([(x + slant, top), (x + slant + 17, top), (x + 17, bottom), (x, bottom)]),
                inks.spot if k == 2 else inks.main,
            )
        )
    return Drawing(tuple(shapes), "three strides, each longer than the last")


def pixel(sheet: Sheet) -> Drawing:
    """A sprite of large square pixels."""
    inks, what = sheet.inks, sheet.rng.pick(sorted(_SPRITES))
    shapes = []
    for y, row in enumerate(_SPRITES[what]):
        for x, dot in enumerate(row):
            if dot != ".":
                shapes.append(box(5 + x * 10, 10 + y * 10, 9.4, 9.4, inks.spot if dot == "o" else inks.main, radius=1))
    return Drawing(tuple(shapes), f"{what}, in square pixels")


def orbit(sheet: Sheet) -> Drawing:
    """A planet with its path around it."""
    inks, tilt = sheet.inks, sheet.rng.pick((-28, -18, 24))
    path = f'<ellipse cx="50" cy="50" rx="45" ry="16" fill="none" stroke="{inks.spot}" stroke-width="4.5"/>'
    front = f'<g transform="rotate({tilt} 50 50)">{path}{disc((94, 53), 5.5, inks.spot)}</g>'
    return Drawing((disc((50, 50), 25, inks.main), front), "a planet and the path around it")


def knot(sheet: Sheet) -> Drawing:
    """Interlaced circles."""
    inks, count = sheet.inks, sheet.rng.pick((3, 4))
    shapes = [
        ring(at((50, 50 + (4 if count == 3 else 0)), 19, k * 360 / count), 23, inks.main, 5.5) for k in range(count)
    ]
    return Drawing(
        (*shapes, disc((50, 50 + (4 if count == 3 else 0)), 5.5, inks.spot)),
        f"{number_word(count)} circles that share a centre",
    )


def mosaic(sheet: Sheet) -> Drawing:
    """Quarter circles in a grid of four."""
    inks, rng = sheet.inks, sheet.rng
    colors = rng.shuffled((inks.main, inks.main, inks.soft, inks.spot))
    shapes = []
    for k, (x, y) in enumerate(((8, 8), (52, 8), (8, 52), (52, 52))):
        turn = rng.pick((0, 90, 180, 270))
        quarter = f"M{x} {y}H{x + 40}A40 40 0 0 1 {x} {y + 40}Z"
        shapes.append(f'<g transform="rotate({turn} {x + 20} {y + 20})">{fill(quarter, colors[k])}</g>')
    return Drawing(tuple(shapes), "four quarter-circles laid like tiles")


def eye(sheet: Sheet) -> Drawing:
    """An eye with rays above it."""
    inks, rays = sheet.inks, sheet.rng.pick((3, 5))
    spread = (-32, 0, 32) if rays == 3 else (-48, -24, 0, 24, 48)
    return Drawing(
        (
            stroke(vesica((8, 58), (92, 58), 0.62), inks.main, 6),
            disc((50, 58), 13, inks.spot),
            *(line(at((50, 62), 40, turn), at((50, 62), 50, turn), inks.main, 5) for turn in spread),
        ),
        "an open eye with a few rays above it",
    )


def loop(sheet: Sheet) -> Drawing:
    """A ribbon that meets itself."""
    inks = sheet.inks
    start = xy((50, 50))
    return Drawing(
        (
            stroke(f"M{start}C66 26 92 30 92 50C92 70 66 74 {start}", inks.main, 9),
            stroke(f"M{start}C34 26 8 30 8 50C8 70 34 74 {start}", inks.main, 9),
            disc((50, 50), 8, inks.spot),
        ),
        "a ribbon that meets itself in the middle",
    )
