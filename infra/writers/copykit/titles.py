"""Makes readable titles from suppliers' titles, which are mostly lists of keywords."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.writers.copykit.grammar import (
    capitals,
    is_measure,
    is_pair,
    is_plural,
    pluralize,
    running,
    shorten,
    spaced_measures,
)
from infra.writers.copykit.lexicon import GENERIC, Kind, lexicon
from infra.writers.copykit.title_extras import filled
from infra.writers.copykit.title_words import (
    JOINERS,
    MOST_WORDS,
    PREPOSITIONS,
    ends_a_name,
    key,
    modifying_words,
    option_words,
    title_words,
    trimmed,
    without_echoes,
    without_options,
    without_ratios,
    without_repeats,
    words_of,
)

SHORTEST, LONGEST = 3, 70
"""Characters of a title."""
MOST_CORE = 5
"""Most words up to a noun that is not the first in a supplier's title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """A title and its parts."""

    text: str
    core: str
    """Without its extras: ``Neon Desk Lamp``."""
    noun: str
    """The product's noun, for running text: ``desk lamp``."""
    kind: Kind
    plural: bool
    noun_is_known: bool
    """Whether the title names the goods, so that it can follow "this"."""
    motif: str
    """The picture on the goods: ``Retro Instant Camera``; mostly empty."""


def make_title(
    raw: str,
    *,
    category: str,
    options: Sequence[str],
    facts: Mapping[str, str] | None = None,
    taken: int = 0,
    most: int = LONGEST,
) -> Title:
    """Return the title for a supplier's title.

    Args:
        raw: the supplier's title, in American spelling.
        category: the supplier's category; it determines the kind if the title does not.
        options: of the variants. A title names none of several colors.
        facts: what the supplier states, by name: ``{"capacity": "350 ml"}``. They complete short titles.
        taken: how many titles for this product another product has already; each adds a fact.
        most: longest title, in characters.
    """
    words, rest = title_words(without_ratios(raw[:2000]))
    words = _without_shades(words, category)
    known = lexicon()
    named = _kind_at_end(category)
    span = _named(words, category, named)
    kind = None
    if span is not None:
        end, kind = span
        # "Martini Glass 250 ml Cocktail Glass": the name ends before the measure.
        end = next((at for at in range(2, end) if _ends_before(words, at)), end)
        if words[end - 1].casefold() in _BUNDLES and _is_of_number(words, end):
            end += 2
        core, tail = words[:end], words[end:] + rest
    else:
        kept = without_repeats(words or rest)
        end = next((at for at, word in enumerate(kept[:6]) if at > 1 and ends_a_name(word)), 5)
        core, tail = kept[:end], kept[end:]
    if len(core) > MOST_CORE - 1 and is_measure(core[0]) and any(map(str.isalpha, core[0])):
        core, tail = core[1:], [core[0], *tail]
    varied = option_words(options)
    if len(core) > 2 and len(fewer := without_options(core, varied)) > 1:
        core = fewer
    core = trimmed(without_repeats(core) if span is None else without_echoes(core))
    while len(core) > 2 and _ends_loosely(core):
        tail = [core.pop(), *tail]
    if kind is None:
        kind = named or known.kinds[GENERIC]
    if not any(any(letter.isalpha() for letter in word) for word in core):
        core = capitals(title_words(category)[0][:4]).split() or [kind.noun.capitalize()]
    if len("".join(core)) < SHORTEST:
        core = [kind.noun.capitalize()]
    core, motif = _without_motif(core)
    core = [_WEARERS.get(word.casefold(), word) if at < len(core) - 1 else word for at, word in enumerate(core)]
    core_text = shorten(spaced_measures(capitals(core)).replace(" inch", " Inch"), most)
    text = filled(core_text, tail, varied, facts or {}, taken, most - len(motif) - 2 if motif else most)
    if motif:
        text = f"{text}, {motif}" if len(text) + len(motif) + 2 <= most else text
    text = shorten(spaced_measures(text).replace(" inch", " Inch"), most)
    noun = _noun(core, kind)
    last = core[-1] if core else ""
    bundle = re.search(r"(?i)\b(set|pack|pair|bunch|box) of\b", core_text) is not None
    return Title(
        text=text,
        core=core_text,
        noun=noun,
        kind=kind,
        plural=kind.pair or (not bundle and (is_pair(last) or is_plural(last))),
        noun_is_known=span is not None,
        motif=motif,
    )


def _without_shades(words: Sequence[str], category: str) -> list[str]:
    """Return the words without the ``light`` of ``light blue``: a ring in light blue is no ring light."""
    if {key(word) for word in category.split()} & _LIGHTS:
        return list(words)
    colors = words_of("colors")
    return [
        word
        for at, word in enumerate(words)
        if word.casefold() != "light" or at + 1 == len(words) or words[at + 1].casefold() not in colors
    ]


def _ends_before(words: Sequence[str], at: int) -> bool:
    """Whether a measure ends the name; the numbers of ``Set of 4`` and of ``3 Piece Canvas`` belong to it."""
    return is_measure(words[at]) and words[at - 1].casefold() != "of" and words[at + 1].casefold() != "piece"


def _ends_loosely(core: Sequence[str]) -> bool:
    """Whether a core ends with an adjective or a material that suppliers put behind the name."""
    if _ends_with_goods(core):
        return False
    return core[-1].casefold() in modifying_words()


def _ends_with_goods(words: Sequence[str]) -> bool:
    return any((hit := lexicon().noun_at(words, at)) and at + hit[0] == len(words) for at in range(len(words)))


def _without_motif(core: list[str]) -> tuple[list[str], str]:
    """Return the goods and the picture on them: ``Framed Wall Art Print`` and ``Retro Instant Camera``."""
    low = [word.casefold() for word in core]
    # "Dip Pen Nibs Set of 5": nothing follows the number, so the goods stand before it.
    goods_follow = "of" in low and low.index("of") + 2 < len(low)
    if goods_follow and (start := low.index("of") - 1) >= 2 and low[start + 3] in words_of("of_goods"):
        return core[start:], capitals(core[:start])
    if len(core) <= MOST_CORE or is_measure(core[0]) or set(low) & (PREPOSITIONS | JOINERS | {"of"}):
        return core, ""
    end = len(core) - (core[-1].casefold() in words_of("accessories"))
    starts = (
        at for at in range(2, len(core)) if (hit := lexicon().noun_at(core, at)) and at + hit[0] in (end, len(core))
    )
    start = next(starts, 0)
    while start > 1 and core[start - 1].casefold() in words_of("of_goods"):
        start -= 1
    # Only "Framed Wall Art Print" has a picture; before "Toy Pail" stands the name itself.
    if start < 2 or low[start] not in words_of("of_goods"):
        return core, ""
    motif = [word for word in without_repeats(core[:start]) if word.casefold() not in words_of("stuffing")]
    return core[start:], capitals(motif if start > MOST_CORE and motif else core[:start])


def _named(words: Sequence[str], category: str, kind: Kind | None) -> tuple[int, Kind] | None:
    """Return where the core of a title ends, and the kind of goods: by the category's words, else by the first goods.

    "Neon Camera Framed Wall Art Print" in "Wall Art" is no camera, but "LED Case Fan 120mm Ring Light" is a fan.
    """
    printed = _printed(words, category)
    if printed is not None:
        return printed
    whole = _category_head(words, category, least=2)
    if whole is not None and not _goes_on(words[: whole[0]]):
        return whole
    first = _head(words)
    if kind is not None and kind.name != GENERIC and (first is None or first[1] is not kind):
        wanted = _head(words, kind)
        # A tulip on a notebook is a notebook, but a cactus among plants is the cactus.
        most = MOST_CORE if first is None or first[1].category == kind.category else MOST_WORDS
        if wanted is not None and wanted[0] <= most and not any(map(is_measure, words[1 : wanted[0]])):
            # "Coin Purse Red Leather Small Wallet" is named before its color; what follows names it again.
            between = {word.casefold() for word in words[first[0] : wanted[0] - 1]} if first else set()
            apart = words_of("colors") | set(_WEARERS)
            if not between & apart or between & words_of("of_goods"):
                return wanted
        if first is not None and (shaped := _shaped_end(words, first[0], category)):
            return shaped, lexicon().kinds[GENERIC]
    return first or _category_head(words, category, least=1)


def _shaped_end(words: Sequence[str], end: int, category: str) -> int | None:
    """Return where goods end that the first noun only says the shape of; None if it is the goods.

    Among cat toys, a “Cactus Cat Scratching Post” is no cactus: a word of the category follows, and then the goods.
    """
    if end == len(words) or key(words[end]) not in map(key, category.split()[:-1]):
        return None
    return next((at for at in range(end, len(words)) if ends_a_name(words[at])), len(words))


def _printed(words: Sequence[str], category: str) -> tuple[int, Kind] | None:
    """Return where printed goods end: ``Film Camera 3 Piece Canvas Wall Art``, ``Retro Camera Set of 4 Ceramic Coasters``."""
    named = key(category.rpartition(" ")[2])
    for at in range(2, len(words) - 1):
        low = words[at].casefold()
        if low not in words_of("of_goods") or not (words[at - 1].isdigit() or words[at - 2].casefold() == "of"):
            continue
        goods = (spot for spot in range(at, min(at + 4, len(words))) if lexicon().noun_at(words, spot))
        for spot in goods:
            size, kind = lexicon().noun_at(words, spot) or (1, lexicon().kinds[GENERIC])
            if named in map(key, words[spot : spot + size]):
                return spot + size, kind
    return None


def _goes_on(core: Sequence[str]) -> bool:
    """Whether a core has gone past its goods: by a measure, a repeated word, or a material behind other goods."""
    first = _head(core)
    behind = {word.casefold() for word in core[first[0] :]} if first else set()
    repeats = len({word.casefold() for word in core}) < len(core)
    return repeats or any(map(is_measure, core[1:])) or bool(behind & _words_of_materials())


def _words_of_materials() -> frozenset[str]:
    return words_of("materials") - {"canvas"}  # canvas is also what a picture is on


def _category_head(words: Sequence[str], category: str, *, least: int) -> tuple[int, Kind] | None:
    """Return where the goods of the category are named first: ``Dog Harness`` No Pull, of ``Dog Harnesses``.

    Args:
        words: of the title.
        category: the supplier's, in the plural.
        least: the fewest of its words that must stand in the title.
    """
    named = [word.casefold() for word in re.findall(r"[\w'-]+", category)][-3:]
    words = words[: next((at for at, word in enumerate(words) if at and word.casefold() in PREPOSITIONS), len(words))]
    if not named or re.search(r"[&/,]| and ", category) or not (is_plural(named[-1]) or least > 1):
        return None
    for start in range(len(named) - least + 1):
        size = len(named) - start
        for at in range(len(words) - size + 1):
            have = [word.casefold() for word in words[at : at + size]]
            if pluralize(" ".join(have)) == " ".join(named[start:]) or have == named[start:]:
                kind = lexicon().kind_in(" ".join(have)) or lexicon().kinds[GENERIC]
                return _extended(words, at + size, kind)
    return None


def _head(words: Sequence[str], wanted: Kind | None = None) -> tuple[int, Kind] | None:
    """Return where the first thing named ends, and its kind; with ``wanted``, the first thing of that kind.

    "Neon Camera Framed Wall Art Print" in the category "Wall Art" is no camera.
    """
    known = lexicon()
    at = 0
    while at < len(words):
        if at and words[at].casefold() in PREPOSITIONS:
            return None  # what follows comes with the goods
        hit = known.noun_at(words, at)
        if hit is None:
            at += 1
            continue
        size, kind = hit
        end = at + size
        # "Rangefinder Style Mirrorless Camera" is no rangefinder, and "Set of 8 Succulents" no set.
        # “Paint Brush Set of 3” is one, and what follows describes the brushes.
        is_bundled = size > 1 and words[end - 1].casefold() in _BUNDLES
        if end < len(words) and words[end].casefold() in words_of("likeness") | ({"of"} if not is_bundled else set()):
            at = end + 1
            continue
        if wanted is not None and kind is not wanted:
            at = end
            continue
        return _extended(words, end, kind)
    return None


def _extended(words: Sequence[str], end: int, kind: Kind) -> tuple[int, Kind]:
    """Return where the goods end that a noun begins, and their kind: ``Bike Bell``, ``Hammer and Wrench``, ``Camera Strap``."""
    known = lexicon()
    end, kind = _with_following(words, end, kind)
    if end + 1 < len(words) and words[end].casefold() in JOINERS and (pair := known.noun_at(words, end + 1)):
        end += 1 + pair[0]
    # "Camera Neck Strap": one word may stand between. Several shoes do not make a strap, but have one.
    reach = 1 if is_plural(words[end - 1]) else 2
    # What only shows the goods says so: a "Miniature Guitar Decor" is no guitar.
    if end < len(words) and words[end].casefold() in words_of("likenesses"):
        return end + 1, kind
    if _names_goods(words, end):
        return end + 1, kind
    for ahead in range(end, min(end + reach, len(words))):
        low = words[ahead].casefold()
        if low in words_of("accessories"):
            found = known.noun_at(words, ahead - 1) if ahead > end else None
            found = found if found and found[0] > 1 else known.noun_at(words, ahead)
            charm = words[ahead + 1 : ahead + 2] in (["Charm"], ["charm"])  # a "Keyring Bag Charm" is no bag
            return ahead + 1 + charm, found[1] if found else kind
        if low in PREPOSITIONS | JOINERS | words_of("styles") | words_of("colors") | words_of("sizes") or is_measure(
            low
        ):
            break
        if low in _METALS:
            break  # a "Compass Brass Case" is a compass
    return end, kind


def _with_following(words: Sequence[str], end: int, kind: Kind) -> tuple[int, Kind]:
    """Return the end and the kind with the goods that follow at once, of which the noun is only a modifier."""
    known = lexicon()
    at, named = end - 1, {key(word) for word in words[:end]}
    if end >= len(words) or key(words[end]) in named:
        return end, kind
    modifies, follows = words[at].casefold() in words_of("modifiers"), _may_follow(words, end)
    size, other = known.noun_at(words, end) or (0, kind)
    # "Magnet Kitchen Timer": a word that is mostly a keyword may begin a compound.
    if size and modifies and (follows or (size > 1 and at == 0)):
        return end + size, other
    loose = words[end].casefold() in words_of("seldom_last") or words[at].casefold() in {"set", "kit"}
    if size == 1 and follows and not loose and (other is not kind or kind.name == GENERIC):
        return end + size, other
    if not size and modifies and follows and at < 2:
        # "Bike Repair Spanner", "Toy Elephant": what a modifier stands before is the goods.
        beyond = known.noun_at(words, end + 1) if _may_follow(words, end + 1) else None
        if beyond is not None:
            return end + 1 + beyond[0], beyond[1]
        return end + (at == 0), kind
    return end, kind


def _may_follow(words: Sequence[str], at: int) -> bool:
    """Whether a word can belong to the noun before it: no color, no material, no keyword, no look."""
    if at >= len(words):
        return False
    after = words[at + 1].casefold() if at + 1 < len(words) else ""
    loose = ("stuffing", "colors", "materials", "material_adjectives", "styles", "adjectives", "front")
    low = words[at].casefold()
    return (
        low.isalpha()
        and low not in PREPOSITIONS | JOINERS | {"of", "to"}.union(*map(words_of, loose))
        and after
        not in words_of("likeness")
        | (words_of("colors") | words_of("materials") if low in {"light", "dark"} else frozenset())
        and not is_measure(low)
    )


_LIGHTS = frozenset({"light", "lamp", "lantern", "bulb", "lighting", "gaming", "electronic", "cycling", "camping"})
"""Words of categories in which a light may be what is sold."""
_WEARERS = {"women": "Women's", "men": "Men's", "children": "Children's"}
"""What stands before goods for people: suppliers leave the apostrophe out."""
_METALS = frozenset({"brass", "steel", "copper", "aluminum"})
_BUNDLES = frozenset({"set", "pack", "pair", "box"})


def _is_of_number(words: Sequence[str], at: int) -> bool:
    return at + 1 < len(words) and words[at].casefold() == "of" and words[at + 1].isdigit()


def _names_goods(words: Sequence[str], at: int) -> bool:
    """Whether an unknown plural before a preposition is what is sold: the bubbles of ``Catnip Bubbles for Cats``."""
    return (
        at + 1 < len(words)
        and words[at + 1].casefold() in PREPOSITIONS
        and is_plural(words[at])
        and words[at].isalpha()
        and words[at].casefold() not in words_of("stuffing") | words_of("parts") | words_of("sub_parts")
    )


def _noun(core: Sequence[str], kind: Kind) -> str:
    known = lexicon()
    for at in range(len(core)):
        hit = known.noun_at(core, at)
        # "throw pillow cover", "keycap set": a word that turns the noun into another product belongs to it.
        more = core[at + hit[0] :] if hit else ()
        if (
            hit is not None
            and len(more) <= 2
            and all(word.casefold() in words_of("accessories") | words_of("likenesses") for word in more)
        ):
            return running(" ".join(core[at:]))
    return running(core[-1]) if core and core[-1].isascii() and core[-1].isalpha() and len(core) > 1 else kind.noun


def _kind_at_end(category: str) -> Kind | None:
    """Return the kind that a category's last words name: ``Film Cameras`` has one, ``Bicycle Parts`` has none."""
    words = category.split()[-4:]
    for at in range(len(words)):
        hit = lexicon().noun_at(words, at)
        if hit is not None and at + hit[0] == len(words):
            return hit[1]
    return None
