"""What a supplier's title and facts add to the name of the goods: a phrase, a material, a figure."""

import re
from collections.abc import Mapping, Sequence

from infra.writers.copykit.grammar import capitals, is_measure, is_plural, spaced_measures
from infra.writers.copykit.lexicon import lexicon
from infra.writers.copykit.title_words import JOINERS, PREPOSITIONS, key, modifying_words, without_options, words_of

TELLING = 20
"""A title with fewer characters gets a fact more, if one is known."""
_COUNTS = frozenset({"pcs", "pack", "piece", "pieces", "pc"})
_PIECES = re.compile(r"(?i)\d(pcs|pack|p)$")
_TELLING_FACTS = ("capacity", "length", "height", "diameter", "material", "dimensions", "width", "weight")
_USUAL_FACTS = 5
"""The first facts that complete a short title; the others only tell two titles apart."""


def filled(
    core: str, tail: Sequence[str], varied: frozenset[str], facts: Mapping[str, str], taken: int, most: int
) -> str:
    """Return the core with what the rest of the supplier's title adds, and with facts if it is short or not the first."""
    words = without_options(tail, varied)
    used = {key(word) for word in core.split()}
    phrase = _phrase(words, used)
    used |= {key(word) for word in phrase.split()}
    text = f"{core} {phrase}" if phrase and len(core) + len(phrase) < most else core
    figure = spaced_measures(_figure(words, used, varied))
    if len(text) + len(figure) < TELLING:
        part, material = _part(words, used), _material(words, used)
        # If the supplier names several materials, each is only a part of the goods.
        stated = facts.get("material", material.casefold())
        material = material if material.casefold() in stated and "," not in stated else ""
        front = _leading_style(words, used) or _style(words, used) or (material if not phrase else "")
        fullers = (
            _fronted(front, text) if front else "",
            f"{text} with {part}" if part else "",
            f"{text}, {material}" if material else "",
        )
        text = next((fuller for fuller in fullers if fuller and len(fuller) <= most), text)
        used |= {key(word) for word in text.split()}
    if figure and len(text) + len(figure) + 2 <= min(most, 60):
        text = f"{text}, {figure}"
        used |= {key(word) for word in figure.split()}
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


def _fronted(front: str, text: str) -> str:
    """Return a text with a word before it, behind the word of a size: ``Small Steel Pickaxe``."""
    first, _, rest = text.partition(" ")
    return f"{first} {front} {rest}" if first.casefold() in words_of("sizes") else f"{front} {text}"


def _is_short(value: str, used: set[str]) -> bool:
    words = [key(word) for word in value.split()]
    # “Steel Fishing Hooks” need no “High-Carbon Steel”.
    is_said = set(words) <= used or (words[-1].isalpha() and not value[:1].isdigit() and words[-1] in used)
    return len(value) <= 24 and len(words) <= 4 and "," not in value and not is_said


def _as_title(value: str) -> str:
    return value if value[:1].isdigit() else capitals(value.split())


def _phrase(words: Sequence[str], used: set[str]) -> str:
    """Return the first phrase after a preposition, up to its noun; empty if it says nothing new of the goods."""
    at = next((at for at, word in enumerate(words) if word.casefold() in PREPOSITIONS), len(words))
    # "for Him Nautical" says nothing of the goods.
    if at + 1 >= len(words) or words[at + 1].casefold() in words_of("people"):
        return ""
    after = list(words[at + 1 :])
    # "for One 450 ml": a measure ends the phrase.
    after = after[: next((step for step, word in enumerate(after) if word[:1].isdigit() and step), len(after))]
    chosen = _before_keywords(after[: _end_of_phrase(after)])
    while (
        chosen
        and not _ends_with_compound(chosen)
        and (
            chosen[-1].casefold() in JOINERS | modifying_words() - words_of("materials")
            or chosen[-1].casefold() in {"a", "the", "of", "dark"}
        )
    ):
        chosen.pop()
    # A phrase that only says the same again, or names nothing at all, is stuffing.
    fresh = [word for word in chosen if key(word) not in used]
    # "Card File for Business Cards" says its goods twice.
    if not chosen or not fresh or key(chosen[-1]) in used or not any(letter.isalpha() for letter in "".join(chosen)):
        return ""
    return f"{words[at].casefold()} {capitals(chosen) if chosen else ''}".strip()


def _end_of_phrase(after: Sequence[str]) -> int:
    """Return how many words after a preposition belong to its phrase: up to a plural, a part or a known noun."""
    known, end = lexicon(), 0
    for step, word in enumerate(after[:5]):
        if word.casefold() in PREPOSITIONS:
            break
        joined = step + 1 < len(after) and after[step + 1].casefold() in JOINERS
        if is_plural(word) and not joined:
            end = step + 1  # "for Cats Crinkle": a plural ends the phrase
            break
        if (word.casefold() in words_of("parts") or known.noun_at(after, step)) and not joined:
            size = (known.noun_at(after, step) or (1, None))[0]
            end = step + size
            if word.casefold() in words_of("parts"):
                break  # "with Handle Towels Storage", "with Lid Airtight": a part ends the phrase
            # "Ball Head", "Tray Pot": what follows at once belongs to it.
            while end < min(len(after), step + 3) and (
                after[end].casefold() in words_of("parts") | words_of("accessories")
                or ((known.noun_at(after, end) or (0,))[0] == 1 and after[end].casefold() not in words_of("stuffing"))
            ):
                end += 1
            break
    if not end:
        end = len(after) if len(after) <= 4 else 2
        end = next((step for step, word in enumerate(after[:end]) if word.casefold() in PREPOSITIONS), end)
    return end


def _ends_with_compound(phrase: Sequence[str]) -> bool:
    """Whether a phrase ends with a noun of two words: the cream of ``Sun Cream`` is no color."""
    return len(phrase) > 1 and (lexicon().noun_at(phrase, len(phrase) - 2) or (0,))[0] == 2


def _before_keywords(phrase: Sequence[str]) -> list[str]:
    """Return a phrase without the keywords behind it: ``Bow`` Birthday Wedding. ``Home Office`` begins with one."""
    stuffing = words_of("stuffing")
    if not phrase or phrase[0].casefold() in stuffing or phrase[-1].casefold() in words_of("parts"):
        return list(phrase)
    ends = (at for at, word in enumerate(phrase) if word.casefold() in stuffing and not lexicon().noun_at([word], 0))
    return list(phrase[: next(ends, len(phrase))])


def _figure(words: Sequence[str], used: set[str], varied: frozenset[str]) -> str:
    """Return the first measure or standard: ``34 Inch``, ``45 x 35 cm``, ``DDR4 3200MHz``, ``RGB LED``."""
    for at, word in enumerate(words):
        if re.fullmatch(r"\d+-in-1", word):
            return word
        if key(word) in used or not _begins_figure(words, at):
            continue
        run = _run_of_figures(words, at)
        if run and key("".join(run)) not in varied and (len(run) > 1 or not word.isdigit()):
            return " ".join(part.capitalize() if part.islower() and len(part) > 3 else part for part in run)
    return ""


def _begins_figure(words: Sequence[str], at: int) -> bool:
    word = words[at]
    if not (word in words_of("standards") or (is_measure(word) and word[0].isalnum())):
        return False
    # "13 and 17 mm", "40x to 400x": one of two figures misleads.
    if at and words[at - 1].casefold() in {"and", "to", "x"}:
        return False
    return not (_PIECES.search(word) or (at + 1 < len(words) and words[at + 1].casefold() in _COUNTS))


def _run_of_figures(words: Sequence[str], at: int) -> list[str]:
    """Return the figures from a place on with their units: ``45 x 35 x 30 cm``, ``18MP 20x Optical Zoom``."""
    run = [words[at]]
    for step, following in enumerate(words[at + 1 : at + 8], at + 1):
        after = words[step + 1] if step + 1 < len(words) else ""
        if following in {"x", "×"} and run[-1][-1:].isdigit() and after[:1].isdigit():
            run.append("x")
            continue
        measure = is_measure(following) and not following.isalpha() and not _PIECES.search(following)
        # "60 g in Tin": a unit follows a number.
        unit = following.casefold() in words_of("units") and (following != "in" or run[-1].isdigit())
        if not (unit or measure or following in words_of("standards")) or len(run) - 2 * run.count("x") > 3:
            break
        run.append(following)
    # "38 L Blue 4 Wheels", "1:18", "3/4": a number without a unit says nothing.
    while run and run[-1].isdigit():
        run.pop()
    return [] if run and run[-1] == "x" else run


def _part(words: Sequence[str], used: set[str]) -> str:
    for at, word in enumerate(words):
        if word.casefold() in words_of("sub_parts") and key(word) not in used:
            if at + 1 < len(words) and lexicon().noun_at(words, at + 1):
                continue
            run = [word]
            for before in reversed(words[max(0, at - 2) : at]):
                low = before.casefold()
                if (
                    low in words_of("units") | words_of("styles") | words_of("stuffing") | PREPOSITIONS | JOINERS
                    or is_measure(before)
                    or lexicon().noun_at([before], 0)
                    or low in words_of("parts")
                    or is_plural(before)
                ):
                    break
                run.insert(0, before)
            if len(run) > 1:
                return capitals(run)
    return ""


def _material(words: Sequence[str], used: set[str]) -> str:
    for at, word in enumerate(words):
        # "Brass Look" is no brass.
        if _is_likened(words, at):
            continue
        if word.casefold() in words_of("materials") and not {key(word), *_same_material(word)} & used:
            # "Glass Jar", "Wooden Legs": the material of a part is not that of the goods.
            if at + 1 < len(words) and (
                lexicon().noun_at(words, at + 1)
                or words[at + 1].casefold() in words_of("parts") | words_of("sub_parts")
                or words[at + 1].casefold() in words_of("work")
            ):
                continue
            before = words[at - 1] if at and words[at - 1].casefold() in words_of("material_adjectives") else ""
            return capitals([before, word] if before else [word])
    return ""


def _same_material(word: str) -> frozenset[str]:
    low = word.casefold()
    return (
        frozenset({low.removesuffix("en"), f"{low}en"}) if low in {"wood", "wooden", "wool", "woolen"} else frozenset()
    )


def _leading_style(words: Sequence[str], used: set[str]) -> str:
    for at, word in enumerate(words):
        low = word.casefold()
        if key(word) in used or _is_likened(words, at):
            continue
        if low == "led":
            continue
        participle = low.endswith("ed") and len(low) > 5 and low not in words_of("not_participles")
        # "Hardened Teeth": what stands before other goods or parts says nothing of these.
        if low in words_of("front") or (participle and not _describes_the_next(words, at)):
            return capitals([word])
        if low in {"slip", "lace"} and at + 1 < len(words) and words[at + 1].casefold() in {"on", "up"}:
            return f"{word.capitalize()}-{words[at + 1].capitalize()}"
    return ""


def _is_likened(words: Sequence[str], at: int) -> bool:
    """Whether a word only says what the goods look like: ``Stone Look``, ``Brass Style``."""
    return at + 1 < len(words) and words[at + 1].casefold() in words_of("likeness")


def _describes_the_next(words: Sequence[str], at: int) -> bool:
    """Whether the word after this one is a noun of its own."""
    if at + 1 == len(words) or words[at + 1].casefold() in words_of("stuffing"):
        return False
    after = words[at + 1]
    return bool(lexicon().noun_at(words, at + 1)) or after.casefold() in words_of("parts") or is_plural(after)


def _style(words: Sequence[str], used: set[str]) -> str:
    for word in words:
        if word.casefold() in words_of("styles_in_front") and key(word) not in used:
            return capitals([word])
    return ""
