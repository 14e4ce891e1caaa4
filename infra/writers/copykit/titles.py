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
from infra.writers.copykit.supplier_text import is_instruction, plain_text

SHORTEST, LONGEST = 3, 70
"""Characters of a title."""
TELLING = 20
"""A title with fewer characters gets a fact more, if one is known."""
MOST_CORE = 5
"""Most words up to a noun that is not the first in a supplier's title."""
MOST_WORDS = 12
"""Most words of a title without its extras; the last ones name the product."""

NOISE = re.compile(
    r"\b(20[12]\d|brand new|new( arrivals?| in| style| design| version)?(?! (york|zealand|england|orleans|year|born))|newest|latest|hot(test)?( sale| sell(er|ing))?(?! ?(swap|shoe|pot|plate|water|wire|air))|best ?sell(er|ing)s?|"
    r"free ?ship(ping|ment)?|fast ?ship(ping|ment)?|fast delivery|free delivery|ship(s|ped)? from( \w+)?|drop ?shipp?(ing|er)?|wholesale|factory( direct| price| outlet)?|"
    r"top ?(quality|rated|sale|sell(er|ing)s?)|(high|good|premium|best) quality|quality|for sale|on sale|flash sale|big sale|super sale|clearance|sale|discount(ed)?|promo(tion)?|"
    r"special offer|limited (offer|edition|time|stock)|\d+ ?% ?off|\d+ off|cheap(est)?|low(est)? price|best price|best|amazing|awesome|stunning|super|luxury|"
    r"fashion(able)?|trendy|trending|viral|popular|must[- ]have|original|genuine|official|100%|oem|odm|in stock|ready stock|dropship|aliexpress|amazon|ebay|temu|tiktok|etsy|shopee|"
    r"buy (now|one|\d)|get one free|gift ?idea|great gift|best gift|perfect( for)?|hurry( up)?|last chance|us stock|eu stock|"
    r"(for )?(men'?s?|man) (and |& |& )?(women'?s?|woman)|women'?s? (and |& )?men'?s?|unisex|1 ?pcs?|1 ?piece|supplier|vendor|moq)\b|!+|\?+",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"[(（【\[]([^()（）【】\[\]]{0,80})[)）】\]]")
_SEPARATOR = re.compile(r"\s*[|/;,，:•~+=·]\s*|\s+[-–—]+\s+|\s*[–—]\s*|\s*&\s*(?=$)")
_WORD = re.compile(r"[\w][\w.'’°%-]*|&", re.UNICODE)
_PREPOSITIONS = frozenset({"with", "in", "for", "from"})
_COUNTS = frozenset({"pcs", "pack", "piece", "pieces", "pc"})
_PIECES = re.compile(r"(?i)\d(pcs|pack|p)$")
_JOINERS = frozenset({"and", "&"})


def _words_of(group: str) -> frozenset[str]:
    return lexicon().words[group]


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
    words, rest = _words(_without_ratios(raw[:2000]))
    known = lexicon()
    named = _kind_at_end(category)
    span = _named(words, category, named)
    kind = None
    if span is not None:
        end, kind = span
        core, tail = words[:end], words[end:] + rest
    else:
        kept = _without_repeats(words or rest)
        end = next((at for at, word in enumerate(kept[:6]) if at > 1 and _ends_a_name(word)), 5)
        core, tail = kept[:end], kept[end:]
    varied = _option_words(options)
    if len(core) > 2 and len(fewer := _without_options(core, varied)) > 1:
        core = fewer
    core = _trimmed(_without_repeats(core) if span is None else _without_echoes(core))
    while len(core) > 2 and _ends_loosely(core):
        tail = [core.pop(), *tail]
    if kind is None:
        kind = named or known.kinds[GENERIC]
    if not any(any(letter.isalpha() for letter in word) for word in core):
        core = capitals(_words(category)[0][:4]).split() or [kind.noun.capitalize()]
    if len("".join(core)) < SHORTEST:
        core = [kind.noun.capitalize()]
    core, motif = _without_motif(core)
    core_text = shorten(capitals(core), most)
    text = _filled(core_text, tail, varied, facts or {}, taken, most - len(motif) - 2 if motif else most)
    if motif:
        text = f"{text}, {motif}" if len(text) + len(motif) + 2 <= most else text
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


def _without_ratios(raw: str) -> str:
    """Return the text with ``7 in 1`` as one word, which no preposition splits."""
    return re.sub(r"(?i)\b(\d+) ?-?in-? ?(1|one)\b", r"\1-in-1", raw)


def _ends_a_name(word: str) -> bool:
    """Whether a word of a supplier's title that names no known goods comes after the name."""
    low = word.casefold()
    ends = _PREPOSITIONS | _words_of("stuffing") | _words_of("colors") | _words_of("materials") | _words_of("front")
    return low in ends or is_measure(word)


def _ends_loosely(core: Sequence[str]) -> bool:
    """Whether a core ends with an adjective or a material that suppliers put behind the name."""
    if any((hit := lexicon().noun_at(core, at)) and at + hit[0] == len(core) for at in range(len(core))):
        return False
    return core[-1].casefold() in _words_of("front") | _words_of("materials") | _words_of("adjectives")


def _without_motif(core: list[str]) -> tuple[list[str], str]:
    """Return the goods and the picture on them: ``Framed Wall Art Print`` and ``Retro Instant Camera``."""
    small = _PREPOSITIONS | _JOINERS | {"of"}
    if len(core) <= MOST_CORE or any(word.casefold() in small for word in core):
        return core, ""
    end = len(core) - (core[-1].casefold() in _words_of("accessories"))
    starts = (
        at for at in range(2, len(core)) if (hit := lexicon().noun_at(core, at)) and at + hit[0] in (end, len(core))
    )
    start = next(starts, 0)
    while start > 1 and core[start - 1].casefold() in _words_of("of_goods"):
        start -= 1
    if start < 2:
        return core, ""
    motif = [word for word in _without_repeats(core[:start]) if word.casefold() not in _words_of("stuffing")]
    return core[start:], capitals(motif if start > MOST_CORE and motif else core[:start])


def _named(words: Sequence[str], category: str, kind: Kind | None) -> tuple[int, Kind] | None:
    """Return where the core of a title ends, and the kind of goods: by the category's words, else by the first goods.

    "Neon Camera Framed Wall Art Print" in "Wall Art" is no camera, but "LED Case Fan 120mm Ring Light" is a fan.
    """
    whole = _category_head(words, category, least=2)
    if whole is not None and not any(map(is_measure, words[1 : whole[0]])):
        return whole
    first = _head(words)
    if kind is not None and kind.name != GENERIC and (first is None or first[1] is not kind):
        wanted = _head(words, kind)
        if wanted is not None and wanted[0] <= MOST_CORE and not any(map(is_measure, words[1 : wanted[0]])):
            return wanted
    return first or _category_head(words, category, least=1)


def _category_head(words: Sequence[str], category: str, *, least: int) -> tuple[int, Kind] | None:
    """Return where the goods of the category are named first: ``Dog Harness`` No Pull, of ``Dog Harnesses``.

    Args:
        words: of the title.
        category: the supplier's, in the plural.
        least: the fewest of its words that must stand in the title.
    """
    named = [word.casefold() for word in re.findall(r"[\w'-]+", category)][-3:]
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


def _words(raw: str) -> tuple[list[str], list[str]]:
    """Return the words of the first segment that names a product, and the words after it."""
    if is_instruction(plain_text(raw[:2000])):
        return [], []
    text = _BRACKETS.sub(lambda found: " " if NOISE.search(found[1]) else f" {found[1]} ", raw[:2000])
    text = NOISE.sub(" ", plain_text(text))
    segments = [_kept(_without_noise(_WORD.findall(segment))) for segment in _SEPARATOR.split(text)]
    telling = [segment for segment in segments if any(letter.isalpha() for word in segment for letter in word)]
    if not telling:
        return [], []
    known = lexicon()
    first = next(
        (at for at, segment in enumerate(telling) if known.kind_in(" ".join(segment)) and len(segment) > 1),
        0,
    )
    return telling[first], [word for segment in telling[first + 1 :] for word in segment]


def _without_noise(words: list[str]) -> list[str]:
    """Return the words without noise, including noise that appears when other noise is removed."""
    while (
        fewer := [bare for word in _WORD.findall(NOISE.sub(" ", " ".join(words))) if (bare := word.rstrip(".'’-"))]
    ) != words:
        words = fewer
    return words


def _kept(words: Sequence[str]) -> list[str]:
    kept = []
    for word in words:
        bare = word.strip(".'’-_°%") if word != "&" else "and"
        digits = sum(letter.isdigit() for letter in bare)
        # A model code tells shoppers nothing; a size or a standard does.
        code = digits >= 2 and not is_measure(bare) and re.search(r"[A-Za-z]", bare) is not None and len(bare) >= 4
        if bare and not code and len(bare) <= 24:
            kept.append(bare)
    return kept


def _head(words: Sequence[str], wanted: Kind | None = None) -> tuple[int, Kind] | None:
    """Return where the first thing named ends, and its kind; with ``wanted``, the first thing of that kind.

    "Neon Camera Framed Wall Art Print" in the category "Wall Art" is no camera.
    """
    known = lexicon()
    at = 0
    while at < len(words):
        if at and words[at].casefold() in _PREPOSITIONS:
            return None  # what follows comes with the goods
        hit = known.noun_at(words, at)
        if hit is None:
            at += 1
            continue
        size, kind = hit
        end = at + size
        # "Rangefinder Style Mirrorless Camera" is no rangefinder, and "Set of 8 Succulents" no set.
        if end < len(words) and words[end].casefold() in _words_of("likeness") | {"of"}:
            at = end + 1
            continue
        if wanted is not None and kind is not wanted:
            at = end
            continue
        return _extended(words, end, kind)
    return None


def _extended(words: Sequence[str], end: int, kind: Kind) -> tuple[int, Kind]:
    known = lexicon()
    following = known.noun_at(words, end) if end < len(words) else None
    if (
        following is not None
        and following[0] == 1
        and following[1] is not kind
        and words[end].casefold() not in _words_of("materials")
    ):
        end, kind = end + 1, following[1]
    # "Camera Neck Strap": one word may stand between. Several shoes do not make a strap, but have one.
    reach = 1 if is_plural(words[end - 1]) else 2
    for ahead in range(end, min(end + reach, len(words))):
        low = words[ahead].casefold()
        if low in _words_of("accessories"):
            found = known.noun_at(words, ahead - 1) if ahead > end else None
            found = found if found and found[0] > 1 else known.noun_at(words, ahead)
            return ahead + 1, found[1] if found else kind
        if low in _PREPOSITIONS | _JOINERS | _words_of("styles") | _words_of("colors") or is_measure(low):
            break
    return end, kind


def _filled(
    core: str, tail: Sequence[str], varied: frozenset[str], facts: Mapping[str, str], taken: int, most: int
) -> str:
    """Return the core with what the rest of the supplier's title adds, and with facts if it is short or not the first."""
    words = _without_options(tail, varied)
    used = {_key(word) for word in core.split()}
    phrase = _phrase(words, used)
    used |= {_key(word) for word in phrase.split()}
    text = f"{core} {phrase}" if phrase and len(core) + len(phrase) < most else core
    if len(text) < TELLING:
        part, material = _part(words, used), _material(words, used)
        # Where the supplier names several materials, none of them is the whole.
        stated = facts.get("material", material.casefold())
        material = material if material.casefold() in stated and "," not in stated else ""
        front = _leading_style(words, used) or _style(words, used) or (material if not phrase else "")
        fullers = (
            f"{front} {text}" if front else "",
            f"{text} with {part}" if part else "",
            f"{text}, {material}" if material else "",
        )
        text = next((fuller for fuller in fullers if fuller and len(fuller) <= most), text)
        used |= {_key(word) for word in text.split()}
    figure = spaced_measures(_figure(words, used, varied))
    if figure and len(text) + len(figure) + 2 <= min(most, 60):
        text = f"{text}, {figure}"
        used |= {_key(word) for word in figure.split()}
    # If sizes are for the shopper to choose, none is in the title.
    chosen_by_size = any(any(map(str.isdigit, option)) for option in varied)
    known = [
        facts[name]
        for name in (dict.fromkeys([*_TELLING_FACTS, *facts]) if taken else _TELLING_FACTS[:_USUAL_FACTS])
        if name in facts and _is_short(facts[name], used) and not (chosen_by_size and facts[name][:1].isdigit())
    ]
    needed = taken + (1 if len(text) < TELLING and not figure else 0)
    for value in known[:needed]:
        if len(text) + len(value) + 2 <= most:
            text = f"{text}, {_as_title(value)}"
    return text


_TELLING_FACTS = ("capacity", "length", "height", "diameter", "material", "dimensions", "width", "weight")
_USUAL_FACTS = 5
"""The first facts that complete a short title; the others only tell two titles apart."""


def _is_short(value: str, used: set[str]) -> bool:
    words = [_key(word) for word in value.split()]
    return len(value) <= 24 and len(words) <= 4 and "," not in value and not set(words) <= used


def _as_title(value: str) -> str:
    return value if value[:1].isdigit() else capitals(value.split())


def _phrase(words: Sequence[str], used: set[str]) -> str:
    at = next((at for at, word in enumerate(words) if word.casefold() in _PREPOSITIONS), None)
    if at is None or at + 1 >= len(words):
        return ""
    known = lexicon()
    after = list(words[at + 1 :])
    # "for One 450 ml": a measure ends the phrase.
    after = after[: next((step for step, word in enumerate(after) if word[:1].isdigit() and step), len(after))]
    end = 0
    for step, word in enumerate(after[:5]):
        if word.casefold() in _PREPOSITIONS:
            break
        joined = step + 1 < len(after) and after[step + 1].casefold() in _JOINERS
        if (word.casefold() in _words_of("parts") or known.noun_at(after, step)) and not joined:
            size = (known.noun_at(after, step) or (1, None))[0]
            end = step + size
            # "Ball Head", "Tray Pot": what follows at once belongs to it.
            while end < min(len(after), step + 3) and (
                after[end].casefold() in _words_of("parts") or (known.noun_at(after, end) or (0,))[0] == 1
            ):
                end += 1
            break
    if not end:
        end = len(after) if len(after) <= 4 else 2
        end = next((step for step, word in enumerate(after[:end]) if word.casefold() in _PREPOSITIONS), end)
    chosen = after[:end]
    while chosen and (
        chosen[-1].casefold() in _JOINERS | _words_of("colors") or chosen[-1].casefold() in {"a", "the", "of"}
    ):
        chosen.pop()
    # A phrase that only says the same again, or names nothing at all, is stuffing.
    fresh = [word for word in chosen if _key(word) not in used]
    if not chosen or not fresh or not any(letter.isalpha() for letter in "".join(chosen)):
        return ""
    return f"{words[at].casefold()} {capitals(chosen) if chosen else ''}".strip()


def _figure(words: Sequence[str], used: set[str], varied: frozenset[str]) -> str:
    """Return the first measure or standard: ``34 Inch``, ``DDR4 3200MHz``, ``RGB LED``."""
    for at, word in enumerate(words):
        if re.fullmatch(r"\d+-in-1", word):
            return word
        if _key(word) in used or not (word in _words_of("standards") or (is_measure(word) and word[0].isalnum())):
            continue
        if _PIECES.search(word) or (at + 1 < len(words) and words[at + 1].casefold() in _COUNTS):
            continue
        run = [word]
        for following in words[at + 1 : at + 4]:
            measure = is_measure(following) and not following.isalpha() and not _PIECES.search(following)
            if not (following.casefold() in _words_of("units") or measure or following in _words_of("standards")):
                break
            run.append(following)
        if _key("".join(run)) not in varied and (len(run) > 1 or not word.isdigit()):
            return " ".join(part.capitalize() if part.islower() and len(part) > 3 else part for part in run)
    return ""


def _part(words: Sequence[str], used: set[str]) -> str:
    for at, word in enumerate(words):
        if word.casefold() in _words_of("sub_parts") and _key(word) not in used:
            if at + 1 < len(words) and lexicon().noun_at(words, at + 1):
                continue
            run = [word]
            for before in reversed(words[max(0, at - 2) : at]):
                low = before.casefold()
                if (
                    low in _words_of("styles") | _words_of("stuffing") | _PREPOSITIONS | _JOINERS
                    or is_measure(before)
                    or lexicon().noun_at([before], 0)
                    or low in _words_of("parts")
                ):
                    break
                run.insert(0, before)
            if len(run) > 1:
                return capitals(run)
    return ""


def _material(words: Sequence[str], used: set[str]) -> str:
    for at, word in enumerate(words):
        if word.casefold() in _words_of("materials") and _key(word) not in used:
            # "Glass Jar", "Wooden Legs": the material of a part is not that of the goods.
            if at + 1 < len(words) and (
                lexicon().noun_at(words, at + 1)
                or words[at + 1].casefold() in _words_of("parts") | _words_of("sub_parts")
            ):
                continue
            before = words[at - 1] if at and words[at - 1].casefold() in _words_of("material_adjectives") else ""
            return capitals([before, word] if before else [word])
    return ""


def _leading_style(words: Sequence[str], used: set[str]) -> str:
    for at, word in enumerate(words):
        low = word.casefold()
        if _key(word) in used:
            continue
        if low == "led":
            continue
        if low in _words_of("front") or (
            low.endswith("ed") and len(low) > 5 and low not in _words_of("not_participles")
        ):
            return capitals([word])
        if low in {"slip", "lace"} and at + 1 < len(words) and words[at + 1].casefold() in {"on", "up"}:
            return f"{word.capitalize()}-{words[at + 1].capitalize()}"
    return ""


def _style(words: Sequence[str], used: set[str]) -> str:
    for word in words:
        if word.casefold() in _words_of("styles_in_front") and _key(word) not in used:
            return capitals([word])
    return ""


def _without_options(words: Sequence[str], varied: frozenset[str]) -> list[str]:
    """Return the words without values of options: ``Black``, ``2 Person``."""
    kept: list[str] = []
    at = 0
    while at < len(words):
        if at + 1 < len(words) and _key(words[at] + words[at + 1]) in varied:
            at += 2
        elif _key(words[at]) in varied:
            at += 1
        else:
            kept.append(words[at])
            at += 1
    return kept


def _without_repeats(words: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    kept = []
    for word in words:
        key = _key(word)
        if key not in seen or word.casefold() in _JOINERS | _PREPOSITIONS:
            kept.append(word)
        seen.add(key)
    return kept


def _without_echoes(words: Sequence[str]) -> list[str]:
    return [word for at, word in enumerate(words) if not at or _key(word) != _key(words[at - 1])]


def _trimmed(words: list[str]) -> list[str]:
    """Return the last ``MOST_WORDS`` words, without small words at either end."""
    kept = words[-MOST_WORDS:]
    small = _JOINERS | _PREPOSITIONS | {"a", "an", "the", "of", "by", "to", "on"}
    while kept and kept[-1].casefold() in small:
        kept.pop()
    while kept and kept[0].casefold() in small:
        kept.pop(0)
    return kept


def _noun(core: Sequence[str], kind: Kind) -> str:
    known = lexicon()
    for at in range(len(core)):
        hit = known.noun_at(core, at)
        # "throw pillow cover", "keycap set": a word that turns the noun into another product belongs to it.
        more = core[at + hit[0] :] if hit else ()
        if hit is not None and len(more) <= 2 and all(word.casefold() in _words_of("accessories") for word in more):
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


def _option_words(options: Sequence[str]) -> frozenset[str]:
    if len(options) < 2:
        return frozenset()
    parts = [part for option in options for part in re.split(r"[/,|]", option)]
    words = {_key(word) for part in parts for word in part.split() if len(part.split()) == 1}
    return frozenset(words | {_key(part) for part in parts}) - {""}


def _key(word: str) -> str:
    low = re.sub(r"[^\w]", "", word.casefold())
    return low[:-1] if low.endswith("s") and len(low) > 3 and not low.endswith("ss") else low
