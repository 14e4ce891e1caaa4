"""The draft of one product's copy. All drafts of a store share a rotation, so that none repeats another."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.product.ports import CopyBrief
from domain.product.texts import META_DESCRIPTION_MAX, META_TITLE_MAX
from infra.writers.copykit.claims import is_supported, product_evidence, stem
from infra.writers.copykit.description import one_line
from infra.writers.copykit.facts import Fact, facts_of, only_material, openings, text_of, wearer_of
from infra.writers.copykit.grammar import (
    agree,
    capitals,
    head_of,
    indefinite,
    is_mass,
    is_pair,
    is_plural,
    listed,
    lower_first,
    running,
    sentence,
    shorten,
    upper_first,
)
from infra.writers.copykit.lexicon import GENERIC, Register, is_dear, lexicon
from infra.writers.copykit.spelling import american
from infra.writers.copykit.titles import LONGEST, Title, make_title
from infra.writers.rules.copy.rotation import Rotation

MOST_FEATURES = 7
MOST_BENEFITS = 3
MOST_NAME = 6
"""Most words of a title that is used inside a sentence."""
MOST_VALUES = 6
"""Most values of an option that are listed. The shopper sees all of them when choosing."""
LONGEST_FACT = 90
"""Characters of a point that may stand in an opening."""
_Bank = tuple[str, Sequence[str]]
"""A name and sentences to choose from."""
_SIZED = frozenset({"length", "height", "width", "diameter", "dimensions", "capacity", "weight"})
"""Facts that differ from one size of a product to the next."""
_SIZE = re.compile(r"(?i)size|length|height|width|diameter|dimensions?|capacity|volume")
_MEASURE = re.compile(r"(?i)\d[\d.,]* ?(?:mm|cm|m|in|inch|inches|ml|l|oz|g|kg|lb)\b")
_CHOICE = re.compile(r"\b(versions?|sizes?|colou?rs?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is written about one product."""

    title: Title
    opening: str
    features: Sequence[str]
    benefits: Sequence[str]
    call_to_action: str
    meta_title: str
    meta_description: str


def draft_of(brief: CopyBrief, rotation: Rotation) -> Draft:
    """Return the draft of one product.

    Args:
        brief: the product.
        rotation: shared by all products of the store, and changed by this call.
    """
    return _Writer(brief, rotation).draft()


class _Writer:
    """Writes the copy of one product."""

    def __init__(self, brief: CopyBrief, rotation: Rotation) -> None:
        self._brand = one_line(brief.brand.name) or "our shop"
        self._rotation = rotation
        self._evidence = product_evidence(brief)
        self._options = [
            american(text)
            for option in brief.options[:60]
            if (text := one_line(option)[:60]) and text.casefold() != "default"
        ]
        self._choice_names = text_of(brief).choices
        self._facts = self._facts_of_every_size(facts_of(brief, self._evidence))
        self._title = self._own_title(brief)
        told = " ".join((self._title.text, *(fact.feature for fact in self._facts)))
        if (wearer := wearer_of(american(brief.original_title), told)) and wearer.name not in {
            f.name for f in self._facts
        }:
            self._facts.append(wearer)
        self._category_noun = _singular_of(running(american(one_line(brief.category))))
        self._name, self._plural, self._mass = self._named()
        self._is_dear = is_dear(brief.price)
        self._register: Register = (
            lexicon().registers[-1] if self._is_dear else lexicon().register_of(brief.brand.voice.tone)
        )
        self._banks_fit = self._title.kind.fits(one_line(brief.category))

    def draft(self) -> Draft:
        choices = self._choices()
        opening, used = self._opening()
        features = [fact.feature for fact in self._facts if fact not in used][: MOST_FEATURES - len(choices)] + choices
        if not features:
            features = ["The supplier gives no further details; ask us about size or material before you order."]
        return Draft(
            title=self._title,
            opening=opening,
            features=features,
            benefits=self._benefits(),
            call_to_action=self._call_to_action(),
            meta_title=self._meta_title(),
            meta_description=self._meta_description(features),
        )

    def _own_title(self, brief: CopyBrief) -> Title:
        """Return a title that no other product of the store has."""
        made = [
            make_title(
                american(brief.original_title),
                category=american(one_line(brief.category)),
                options=self._options,
                facts={fact.name: fact.value for fact in self._facts},
                taken=taken,
            )
            for taken in range(4)
        ]
        for title in made:
            if self._rotation.is_new(title.text.casefold()):
                self._rotation.use(title.text.casefold())
                return title
        number = next(n for n in range(2, 1000) if self._rotation.is_new(f"{made[0].text}, No. {n}".casefold()))
        text = f"{shorten(made[0].text, LONGEST - 10)}, No. {number}"
        self._rotation.use(text.casefold())
        return replace(made[0], text=text)

    def _facts_of_every_size(self, facts: Sequence[Fact]) -> list[Fact]:
        """Return the facts that hold whatever size the shopper chooses: the supplier measures one of them."""
        comes_in_sizes = any(
            _SIZE.fullmatch(name) or all(_MEASURE.match(value) for value in values) for name, values in self._columns()
        )
        return [fact for fact in facts if not (comes_in_sizes and fact.name in _SIZED)]

    def _agree(self, text: str) -> str:
        return agree(text, plural=self._plural)

    def _named(self) -> tuple[str, bool, bool]:
        """Return the product's name for use inside a sentence, whether it is plural, and whether it is a mass noun."""
        title, words = self._title, self._title.core.split()
        name = running(title.core)
        # A title in another script, of one unknown word, or of many words reads badly after "this".
        unknown = title.kind.name == GENERIC and not title.noun_is_known
        if unknown:
            name = self._category_noun or title.kind.noun
        elif not title.core.isascii() or len(words) > MOST_NAME:
            name = title.noun if title.noun.isascii() and len(title.noun.split()) < 4 else title.kind.noun
        head = head_of(name)
        if title.kind.pair and not head.endswith("s"):
            name, head = f"{name}s", f"{head}s"
        return name, title.kind.pair or is_pair(head) or is_plural(head), is_mass(name)

    def _filled(self, frame: str, **parts: str) -> str:
        motif = f"“{self._title.motif}” " if self._title.motif else ""
        this = f"{'these' if self._plural else 'this'} {motif}{self._name}"
        text = frame.replace("{this}", this).replace("{This}", upper_first(this))
        a = f"{'' if self._plural or self._mass else 'the '}{motif}{self._name}" if motif else indefinite(self._name)
        text = text.replace("{The}", f"The {motif}{self._name}").replace("{a}", a)
        for name, value in parts.items():
            text = text.replace("{" + name + "}", value)
        return self._agree(text)

    def _opening(self) -> tuple[str, list[Fact]]:
        """Return the first paragraph and the facts that it states."""
        bank = openings()
        named = set(self._name.casefold().split())
        clauses = [fact for fact in self._facts if fact.clause and not set(fact.value.casefold().split()) <= named]
        if len(clauses) > 2 or (len(clauses) == 1 and len(self._facts) > 2):
            # What it weighs is the last thing that a shopper asks.
            clauses = [fact for fact in clauses if fact.name != "weight"]
        points = [fact for fact in self._facts if not fact.name and _stands_alone(fact.feature)]
        used: list[Fact] = []
        if len(clauses) > 1:
            used = self._two_of(clauses)
            frame = self._rotation.pick("two", bank.two)
            thing = self._filled(frame, c1=used[0].clause, c2=used[1].clause)
        elif clauses:
            used = clauses[:1]
            thing = self._filled(self._rotation.pick("one", bank.one), c1=used[0].clause)
        elif points:
            thing, used = self._fact_opening(points)
        else:
            thing = self._filled(self._rotation.pick("none", bank.below if self._facts else bank.none))
        parts = [thing]
        spare = [point for point in points if point not in used]
        if spare and len(self._facts) - len(used) > 2 and self._rotation.pick("woven", (True, False)):
            parts.append(self._filled(self._rotation.pick("more", bank.more), fact=lower_first(spare[0].feature)))
            used = [*used, spare[0]]
        elif (aside := self._aside()) is not None:
            parts.append(aside)
        if (scene := self._scene()) is not None:
            parts.insert(0, scene)
        if len(self._facts) - len(used) < 1:
            used = []  # the list repeats the facts rather than being empty
        return " ".join(upper_first(part) for part in parts), used

    def _fact_opening(self, points: Sequence[Fact]) -> tuple[str, list[Fact]]:
        """Return an opening with a fact that no other product of the store has, if there is one."""
        frames = openings().fact
        first = self._rotation.pick("fact", frames)
        for point in points:
            for frame in (first, *frames):
                thing = self._filled(frame, fact=lower_first(point.feature))
                if self._rotation.is_new(thing):
                    self._rotation.use(thing)
                    return thing, [point]
        return self._filled(first, fact=lower_first(points[0].feature)), [points[0]]

    def _two_of(self, clauses: Sequence[Fact]) -> list[Fact]:
        """Return two clauses for the opening, so that products with the same kinds of facts do not open alike."""
        pairs = [(one, other) for at, one in enumerate(clauses[:4]) for other in clauses[at + 1 : 4]]
        names = self._rotation.pick("pairs", [f"{one.name}+{other.name}" for one, other in pairs])
        return list(next(pair for pair in pairs if f"{pair[0].name}+{pair[1].name}" == names))

    def _scene(self) -> str | None:
        general = self._title.kind.name == GENERIC
        turns = (True, False, False) if general else (True, True, False)
        if self._is_dear or not self._banks_fit or not self._rotation.pick(f"scene? {general}", turns):
            return None
        return self._rotation.pick_new(f"scene:{self._title.kind.name}", self._true(self._title.kind.scene))

    def _aside(self) -> str | None:
        if self._is_dear or not self._rotation.pick("aside?", (False, True, False)):
            return None
        said = self._rotation.pick_new(f"aside:{self._register.name}", self._register.aside)
        return None if said is None else said.replace("{brand}", self._brand)

    def _true(self, lines: Sequence[str]) -> list[str]:
        """Return the sentences that claim nothing of this product that its supplier does not state."""
        return [line for line in lines if is_supported(self._agree(line), self._evidence)]

    def _choices(self) -> list[str]:
        """Return the options as sentences: ``Color: Pink, White or Sage.`` if the supplier names the option."""
        choices = self._columns()
        if not choices:
            return []
        if all(name for name, _ in choices):
            stated = {fact.feature.partition(":")[0] for fact in self._facts}
            return [
                f"{f'Choice of {name.casefold()}' if name in stated else name}: {_shortened(values)}."
                for name, values in choices[:3]
            ]
        lead = self._rotation.pick("choices", ("Choose from", "Your choice of", "Available as"))
        return [f"{lead} {'; '.join(_shortened(values) for _, values in choices[:3])}."]

    def _columns(self) -> list[tuple[str, list[str]]]:
        """Return each option with its name, empty if the supplier gives none, and its values."""
        columns: list[list[str]] = []
        for option in self._options:
            for at, value in enumerate(part.strip() for part in option.split(" / ")):
                while len(columns) <= at:
                    columns.append([])
                if value and value not in columns[at]:
                    columns[at].append(value)
        names = {
            frozenset(map(str.casefold, map(american, values))): name for values, name in self._choice_names.items()
        }
        return [(names.get(frozenset(map(str.casefold, column)), ""), column) for column in columns if len(column) > 1]

    def _benefits(self) -> list[str]:
        """Return reasons to like it, none rather than empty ones; no other product of the store has the same sentence."""
        chosen: list[str] = []
        for enough, banks in self._benefit_banks():
            if len(chosen) >= enough:
                continue
            for bank, lines in banks:
                # A bank of facts says the same of each value, so its sentences take turns by their form.
                fresh = {
                    f"{bank}.{at}": text
                    for at, line in enumerate(lines)
                    if self._rotation.is_new(text := sentence(upper_first(self._agree(line))))
                    and is_supported(text, self._evidence)
                }
                if fresh:
                    chosen.append(fresh[self._rotation.pick(bank, list(fresh))])
                    self._rotation.use(chosen[-1])
        return chosen[:MOST_BENEFITS]

    def _benefit_banks(self) -> list[tuple[int, list[_Bank]]]:
        """Return named banks, those that say most first, and from how many benefits on they are not needed."""
        kind = self._title.kind
        evidence = f"{self._title.text} {self._evidence.text}"
        material = only_material(self._facts)
        reasons = [reason for reason in lexicon().reasons if reason.holds(kind, evidence, material)]
        first: list[_Bank] = [(reason.says[0], reason.says) for reason in reasons[:2]]
        if not self._is_dear and self._banks_fit and kind.name != GENERIC:
            first.append((f"likes:{kind.name}", kind.likes))
        facts = {fact.name: fact.benefits for fact in self._facts if fact.benefits}
        if len(facts) > 1:
            facts.pop("weight", None)
        second: list[_Bank] = []
        if facts:
            name = self._rotation.pick("fact-benefit", list(facts))
            second = [(f"fact:{name}", facts[name])]
        third: list[_Bank] = []
        for name, values in self._columns()[:1]:
            if name and len(values) <= MOST_VALUES:
                these = listed(values, "or")
                frames = openings().choice
                third = [
                    ("choice", [line.replace("{name}", name.casefold()).replace("{values}", these) for line in frames])
                ]
        return [(1, first), (2, second), (2, third)]

    def _call_to_action(self) -> str:
        kind, register = self._title.kind, self._register
        own = kind.cta if self._banks_fit and not self._is_dear else ()
        every = dict.fromkeys((*own, *register.cta, *lexicon().registers[-1].cta))
        bank = [cta for cta in every if self._options or not _CHOICE.search(cta)]
        fitting = self._true(bank) or ["Add [it/them] to your cart when you are ready."]
        return self._agree(self._rotation.pick("cta", fitting))

    def _meta_title(self) -> str:
        """Return the title, with the brand after it if both have room; no other product of the store has the same."""
        title = self._title
        candidates = []
        for head in (title.text, title.core):
            has_brand = self._brand.casefold() in head.casefold()
            candidates += [] if has_brand else [f"{head} | {self._brand}"]
            candidates.append(head)
        # Prints on the same goods differ by their pictures alone.
        candidates += [f"{title.motif} {capitals(title.noun.split())}"] if title.motif else []
        candidates += [_whole_phrases(title.text), shorten(title.core, META_TITLE_MAX)]
        fitting = [text for text in candidates if len(text) <= META_TITLE_MAX]
        chosen = next((text for text in fitting if self._rotation.is_new(("meta", text))), fitting[0])
        self._rotation.use(("meta", chosen))
        return chosen

    def _meta_description(self, features: Sequence[str]) -> str:
        """Return whole sentences: what it is, where it is, and as many facts as there is room for."""
        where = self._rotation.pick("where", ("{core} at {brand}.", "{core} from {brand}.", "{brand}: {core}."))
        text = where.replace("{core}", self._title.text).replace("{brand}", self._brand)
        if len(text) > META_DESCRIPTION_MAX:
            text = sentence(shorten(self._title.text, META_DESCRIPTION_MAX - 1))
        plain = [fact.feature for fact in self._facts] + [line for line in features if line not in text]
        for line in dict.fromkeys(plain):
            if len(text) + 1 + len(line) <= META_DESCRIPTION_MAX:
                text = f"{text} {line}"
        closer = self._agree("See [its/their] details and order online.")
        return f"{text} {closer}" if len(text) < 70 and len(text) + len(closer) < META_DESCRIPTION_MAX else text


def _whole_phrases(title: str) -> str:
    """Return as many whole phrases of a title as a meta title has room for."""
    ends = [
        found.start()
        for found in re.finditer(r",| (?=(?:with|in|for|from)\b)", title)
        if found.start() <= META_TITLE_MAX
    ]
    return title[: ends[-1]] if ends else title


def _shortened(values: list[str]) -> str:
    if len(values) <= MOST_VALUES:
        return listed(values, "or")
    return f"{', '.join(values[:MOST_VALUES])} and {len(values) - MOST_VALUES} more"


def _singular_of(category: str) -> str:
    """Return what one thing of a category is called: ``saxophone reed``; empty if its name is no plural."""
    words = category.split()
    if not 0 < len(words) < 4 or not is_plural(words[-1]) or not re.fullmatch(r"[a-zA-Z -]+", category):
        return ""
    return " ".join([*words[:-1], stem(words[-1])])


def _stands_alone(point: str) -> bool:
    """Whether a point can follow a colon and can come first."""
    return ":" not in point and "not included" not in point and len(point) <= LONGEST_FACT
