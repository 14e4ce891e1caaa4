"""Writes product copy by rules, from the supplier's facts and from sentences that are true of the kind of product."""

import asyncio
import re
from collections.abc import Sequence

from domain.product.aggregate import META_DESCRIPTION_MAX, META_TITLE_MAX
from domain.product.ports import CopyBrief, ProductCopy
from infra.writers.copykit.description import as_markdown, one_line, tag_keywords
from infra.writers.copykit.grammar import (
    agree,
    article,
    is_plural,
    listed,
    lower_first,
    running,
    sentence,
    shorten,
    upper_first,
)
from infra.writers.copykit.lexicon import GENERIC, Register, lexicon
from infra.writers.copykit.scoring import measure
from infra.writers.copykit.supplier_text import SupplierFacts, read
from infra.writers.copykit.titles import Title, make_title
from infra.writers.rules.copy.rotation import Rotation

WRITTEN_BY = "house"
MOST_FEATURES = 6
MOST_NAME = 5
"""Most words of a title that is used inside a sentence."""
MOST_VALUES = 6
"""Most values of an option that are listed. The shopper sees all of them when choosing."""
_CHOICE = re.compile(r"\b(versions?|sizes?|colours?)\b", re.IGNORECASE)


class RuleCopywriter:
    """Implements ``domain.product.ports.ProductCopywriter`` offline. The same brief gives the same copy."""

    async def write(self, brief: CopyBrief) -> ProductCopy:
        """Return the copy. No supplier text raises."""
        # In a thread: the first measurement loads a dictionary of syllables for most of a second.
        return await asyncio.to_thread(compose, brief)


def compose(brief: CopyBrief) -> ProductCopy:
    """Return the copy of one product, synchronously."""
    brand = one_line(brief.brand.name) or "our shop"
    options = [
        text for option in brief.options[:60] if (text := one_line(option)[:60]) and text.casefold() != "default"
    ]
    title = make_title(brief.original_title, category=one_line(brief.category), options=options, brand=brand)
    writer = _Writer(brief, brand=brand, title=title, options=options)
    return writer.copy()


class _Writer:
    """Writes the copy of one product."""

    def __init__(self, brief: CopyBrief, *, brand: str, title: Title, options: Sequence[str]) -> None:
        self._brief = brief
        self._brand = brand
        self._title = title
        self._options = options
        self._facts: SupplierFacts = read(brief.original_description)
        self._rotation = Rotation(brief.seed, group=brief.category)
        self._name, self._plural = self._named()
        self._register: Register = lexicon().register_of(brief.brand.voice.tone)

    def copy(self) -> ProductCopy:
        bullets = [*self._facts.points, *self._choices()]
        opening_fact = self._opening_fact(bullets)
        features = [point for point in bullets if point != opening_fact][:MOST_FEATURES]
        if not features:
            features = ["The supplier gives no further details; ask us about size or material before you order."]
        benefits = self._benefits()
        call_to_action = self._call_to_action()
        description = as_markdown(self._opening(opening_fact), features, benefits, call_to_action)
        keywords = [running(self._title.core), self._title.noun, *tag_keywords(self._brief)]
        return ProductCopy(
            title=self._title.text,
            description=description,
            features=features,
            benefits=benefits,
            call_to_action=call_to_action,
            meta_title=meta_title(self._title, self._brand),
            meta_description=self._meta_description(benefits),
            scores=measure(description, keywords),
            written_by=WRITTEN_BY,
        )

    def _agree(self, text: str) -> str:
        return agree(text, plural=self._plural)

    def _named(self) -> tuple[str, bool]:
        """Return the product's name for use inside a sentence, and whether it is plural."""
        title, words = self._title, self._title.core.split()
        name, plural = running(title.core), title.plural
        # A title in another script, of one unknown word, or of many words reads badly after "this".
        unknown = title.kind.name == GENERIC and len(words) < 2
        if not title.core.isascii() or unknown or len(words) > MOST_NAME:
            short = title.noun if title.noun.isascii() and len(title.noun.split()) < 4 else title.kind.noun
            name, plural = short, title.kind.pair or is_plural(short.split()[-1])
        if title.kind.pair and not name.endswith("s"):
            name += "s"
        return name, plural

    def _subject(self) -> str:
        name, plural = self._name, self._plural
        this = f"{'these' if plural else 'this'} {name}"
        like = f"{name} like these" if plural else f"{article(name)} {name} like this one"
        return self._rotation.pick_in_category("subject", (this, this, like, f"the {name}"))

    def _opening(self, opening_fact: str | None) -> str:
        kind = self._title.kind
        scene = self._rotation.pick_in_category(f"scene:{kind.name}", kind.scene)
        does = self._rotation.pick_in_category(f"does:{kind.name}", kind.does)
        thing = self._agree(f"{upper_first(self._subject())} {does}.")
        aside = self._rotation.pick(f"aside:{self._register.name}", self._register.aside).replace(
            "{brand}", self._brand
        )
        fact = ""
        if opening_fact is not None:
            lead = self._agree(self._rotation.pick("weave", lexicon().leads))
            fact = f"{lead} {lower_first(opening_fact)}"
        with_fact = (
            (scene, thing, fact),
            (thing, scene, fact),
            (thing, fact, scene),
            (scene, thing, fact, aside),
            (thing, fact, aside),
        )
        without = ((scene, thing, aside), (thing, scene, aside), (scene, thing), (thing, scene))
        parts = self._rotation.pick("frame", with_fact if fact else without)
        return " ".join(upper_first(part) for part in parts)

    def _opening_fact(self, bullets: Sequence[str]) -> str | None:
        """Return a fact for the opening; None if too few would remain for the list. Suppliers state the best first."""
        if len(bullets) < 3:
            return None
        short = [point for point in self._facts.points[:3] if len(point) <= 80 and _is_clear_fact(point)]
        return self._rotation.pick("fact", short) if short else None

    def _choices(self) -> list[str]:
        """Return the options as sentences: ``Colour: Pink, White or Sage.`` if the supplier names the option."""
        columns: list[list[str]] = []
        for option in self._options:
            for at, value in enumerate(part.strip() for part in option.split(" / ")):
                while len(columns) <= at:
                    columns.append([])
                if value and value not in columns[at]:
                    columns[at].append(value)
        choices = [column for column in columns if len(column) > 1]
        if not choices:
            return []
        known = {column[0]: self._facts.choices.get(frozenset(map(str.casefold, column))) for column in choices}
        if all(known.values()):
            return [f"{known[column[0]]}: {_shortened(column)}." for column in choices[:3]]
        lead = self._rotation.pick("choices", ("Choose from", "Comes as", "Your choice of", "Available as"))
        return [f"{lead} {'; '.join(_shortened(column) for column in choices[:3])}."]

    def _benefits(self) -> list[str]:
        known = lexicon()
        kind = self._title.kind
        evidence = f"{self._title.text} {self._facts.text}"
        reasons = [reason for reason in known.reasons if reason.holds(kind, evidence)]
        chosen = [self._rotation.pick("reason:" + reason.says[0], reason.says) for reason in reasons]
        if len(chosen) > 2:
            start = self._rotation.pick("reasons", range(len(chosen)))
            chosen = [chosen[start], chosen[(start + 1) % len(chosen)]]
        skip = 0
        while len(chosen) < 3 and skip < len(kind.likes):
            like = self._rotation.pick_in_category(f"likes:{kind.name}", kind.likes, skip=skip, stride=2)
            if like not in chosen:
                chosen.append(like)
            skip += 1
        return [self._agree(benefit) for benefit in chosen]

    def _call_to_action(self) -> str:
        kind, register = self._title.kind, self._register
        own = self._rotation.pick("whose-cta", (True, True, False))
        bank = kind.cta if own else register.cta
        fitting = [cta for cta in bank if self._options or not _CHOICE.search(cta)]
        if not fitting:
            fitting = ["Add [it/them] to your cart when you are ready."]
        chosen = (
            self._rotation.pick_in_category(f"cta:{kind.name}", fitting)
            if own
            else self._rotation.pick(f"cta:{register.name}", fitting)
        )
        return self._agree(chosen)

    def _meta_description(self, benefits: Sequence[str]) -> str:
        core, brand = self._title.core, self._brand
        points = [point for point in self._facts.points[:3] if len(point) <= 90 and _is_clear_fact(point)][:2]
        fact = self._rotation.pick("meta-fact", points) if points else ""
        openers = [f"{core} at {brand}."]
        if fact:
            openers += [f"{core}: {lower_first(fact)}", f"{core} from {brand}: {lower_first(fact)}"]
        opener = self._rotation.pick("meta", openers[1:] or openers)
        closers = [
            *self._in_turn(benefits),
            self._agree("See [its/their] details and order online."),
            f"Order at {brand}.",
        ]
        text = opener if len(opener) <= META_DESCRIPTION_MAX else sentence(shorten(core, META_DESCRIPTION_MAX - 1))
        for closer in closers:
            if len(text) + 1 + len(closer) <= META_DESCRIPTION_MAX and len(text) < 110:
                text = f"{text} {closer}"
        return text

    def _in_turn(self, choices: Sequence[str]) -> list[str]:
        return [self._rotation.pick("meta-benefit", choices, skip=skip) for skip in range(len(choices))]


def _shortened(values: list[str]) -> str:
    if len(values) <= MOST_VALUES:
        return listed(values, "or")
    return f"{', '.join(values[:MOST_VALUES])} and {len(values) - MOST_VALUES} more"


def _is_clear_fact(point: str) -> bool:
    """Whether a fact can follow a colon and can come first."""
    return ":" not in point and "not included" not in point


def meta_title(title: Title, brand: str) -> str:
    """Return the title, with the brand after it if both have at most 60 characters together."""
    for head in (title.text, title.core):
        if brand.casefold() in head.casefold() and len(head) <= META_TITLE_MAX:
            return head
        if len(head) + 3 + len(brand) <= META_TITLE_MAX:
            return f"{head} | {brand}"
    return shorten(title.text, META_TITLE_MAX)
