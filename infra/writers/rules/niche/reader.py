"""The rule-based reader of niches."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from domain.store.events import Preferences
from domain.store.niche import NicheReading
from infra.writers.rules.niche.clauses import Clause, Segment, clauses_of, text_of, without_lead_in
from infra.writers.rules.niche.lexicon import Audience, Kind, Setting, lexicon
from infra.writers.rules.niche.suggestions import corrected, with_goods
from infra.writers.rules.niche.words import key, plain_text, tokens

MOST_THINGS, MOST_CATEGORIES, MOST_WORDS = 48, 8, 8
ANIMAL_FIELDS = frozenset({"pets", "garden"})
"""Fields whose goods are for animals without saying so: a bird bath, an aquarium plant."""
GIFT = "gift"
"""The kind whose goods depend on the audience."""


class RuleNicheReader:
    """Implements :class:`domain.store.ports.NicheReader` with a lexicon; the same niche always reads the same."""

    async def read(self, niche: str, *, preferences: Preferences) -> NicheReading:
        """Return the reading. Words that neither the lexicon nor the dictionary has are ``unknown``."""
        return read_niche(niche, audience=preferences.audience)


def read_niche(niche: str, *, audience: str | None = None) -> NicheReading:
    """Return what a niche means.

    Args:
        niche: the merchant's words, in English.
        audience: the merchant's preference; used if the niche names no audience.
    """
    text = without_lead_in(niche)
    if _is_sentence(text):
        return NicheReading(unknown=[text])
    reading = _Reader(text).read()
    reading = reading.model_copy(update={"unknown": [_as_written(word, niche) for word in reading.unknown]})
    if audience and not reading.audience:
        reading = reading.model_copy(update={"audience": [audience.strip().lower()]})
    return reading


def _as_written(word: str, niche: str) -> str:
    """Return a word as the merchant wrote it, with its capitals and accents."""
    return next((each for each in re.findall(r"[^\W_]+", niche) if plain_text(each) == word), word)


def _is_sentence(text: str) -> bool:
    spoken = lexicon().words.sentence
    return sum(token.text in spoken for token in tokens(text)) >= 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Goods:
    """The goods that one part of a niche names."""

    text: str
    kind: Kind | None
    things: Sequence[str]
    categories: Sequence[str]


@dataclass(slots=True)
class _Reader:
    """Collects the parts of one reading."""

    text: str
    goods: list[_Goods] = field(default_factory=list)
    is_generic: bool = False
    """Whether the niche has a head that names no goods by itself: ``gear``."""
    audience: list[str] = field(default_factory=list)
    setting: list[str] = field(default_factory=list)
    style: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    audiences: list[Audience] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    """English words that the lexicon does not have. Beside goods they are a style, alone they are unknown."""
    material: str = ""
    """Of the last figures of animals: ``plush``."""
    left_out: set[str] = field(default_factory=set)
    """Goods and audiences that are not wanted."""
    fan_kinds: list[Kind] = field(default_factory=list)
    """Kinds that people are named after: ``tea lovers``."""

    def read(self) -> NicheReading:
        first, *others = clauses_of(self.text)
        self._read_goods(first)
        for clause in others:
            if clause.preposition == "for":
                self._read_for(clause)
            elif clause.preposition in {"without", "not"}:
                self._read_excluded(clause)
            else:
                self._read_circumstances(clause)
        self._suit_animals()
        separate = self._separate()
        things, categories = map(self._without_left_out, self._resolved())
        (self.style if things else self.unknown).extend(self.unlisted)
        return NicheReading(
            things=_different(things)[:MOST_THINGS],
            categories=_different(categories)[:MOST_CATEGORIES],
            audience=_different(self.audience)[:MOST_WORDS],
            setting=_different(self.setting)[:MOST_WORDS],
            style=_different(self.style)[:MOST_WORDS],
            unknown=_different(self.unknown)[:MOST_WORDS],
            separate=separate,
            suggestions=[] if things and not self.unknown else self._suggestions(),
        )

    # The first clause: goods and their modifiers

    def _read_goods(self, clause: Clause) -> None:
        waiting: list[Segment] = []
        for part in clause.parts:
            # “black and white mugs”: a part without goods belongs to the next one.
            waiting.extend(part)
            if self._read_part(waiting):
                waiting = []
        self._absorb(waiting, head=None)

    def _read_part(self, part: list[Segment]) -> bool:
        """Read goods and their modifiers; False if the part names no goods."""
        if self._read_figure(part):
            return True
        place = next((n for n in reversed(range(len(part))) if part[n].is_goods), None)
        last = len(part) - 1
        if place is None:
            return self._read_unlisted(part)
        head = part[place]
        if place < last and all(_is_unlisted(segment) for segment in part[place + 1 :]) and part[last].names_goods:
            # “camera bag inserts”: an unknown noun after known goods is a thing for them.
            whole = text_of(part[place:], self.text)
            kind = _kind_of(head)
            self.goods.append(_Goods(text=whole, kind=kind, things=[whole], categories=kind.categories))
            self._absorb(part[:place], head=kind)
            return True
        if _kind_of(head).name == GIFT and (other := next((s for s in part[:place] if s.is_goods), None)):
            # “tea gifts” are tea things; “Christmas gifts” are gifts.
            occasion = _kind_of(other).field == "party"
            self._add_goods(head if occasion else other, self._span(part))
            if occasion:
                self.setting.append(other.singular)
            self._absorb([segment for segment in part if segment not in {head, other}], head=_kind_of(other))
            return True
        if head.has_role("generic") and place and _names_field(part[place - 1]):
            # “Barbecue tools” are things for the barbecue, and no hammers.
            place, head = place - 1, part[place - 1]
            part = [segment for n, segment in enumerate(part) if n != place + 1]
        self._add_goods(head, self._span(part))
        narrowing = [segment for segment in part[:place] if segment.narrows or _is_shown(segment, _kind_of(head))]
        if narrowing:
            self._narrow_goods(narrowing, head)
        rest = [
            segment for n, segment in enumerate(part) if n != place and (segment.meaning or segment not in narrowing)
        ]
        motifs = [segment for segment in rest if segment.is_goods and _is_only_goods(segment)]
        for motif in motifs:
            self.style.append(motif.singular)
        self._absorb([segment for segment in rest if segment not in motifs], head=_kind_of(head))
        return True

    def _read_figure(self, part: list[Segment]) -> bool:
        """Read figures of animals, such as “plush animals”; False if the part ends in none."""
        if not part or not _is_animal(part[-1]):
            return False
        # “Plush cats and dogs”: the dogs are of plush too.
        material = part[-2].singular if len(part) > 1 else self.material
        goods = next((goods for goods, before in lexicon().words.figures.items() if material in before), None)
        meaning = None if goods is None else lexicon().find(key(goods))
        if goods is None or meaning is None or meaning.kind is None:
            return False
        self.material, animal = material, part[-1].singular
        things = [f"{material} {animal}", goods if _names_all_animals(part[-1]) else f"{animal} {goods}"]
        self.goods.append(
            _Goods(
                text=self._span(part), kind=meaning.kind, things=things, categories=[goods, *meaning.kind.categories]
            )
        )
        self.style.append(animal)
        self._absorb(part[:-1], head=meaning.kind)
        return True

    def _read_unlisted(self, part: list[Segment]) -> bool:
        """Read goods that the lexicon does not have by their own words: ``falconry hoods``."""
        if any(segment.is_generic for segment in part):
            self.is_generic = True
            if any(segment.meaning and (segment.meaning.audience or segment.meaning.setting) for segment in part):
                self._absorb(part, head=None)
                return True
            unlisted = [segment for segment in part if _is_unlisted(segment) and segment.is_english]
            if unlisted:
                # “falconry gear”: the word before the head says which goods.
                thing = text_of(unlisted, self.text)
                gear = f"{thing} {part[-1].singular}"
                self.goods.append(_Goods(text=self._span(part), kind=None, things=[gear, thing], categories=[]))
                self._absorb([segment for segment in part if segment not in unlisted], head=None)
                return True
            self._absorb(part, head=None)
            return True
        if not part or not part[-1].names_goods:
            return False
        start = len(part) - 1
        while start and (_is_unlisted(part[start - 1]) or _is_animal(part[start - 1])) and part[start - 1].is_english:
            start -= 1
        thing = text_of(part[start:], self.text)
        self.goods.append(_Goods(text=self._span(part), kind=None, things=[thing], categories=[]))
        self._absorb(part[:start], head=None)
        return True

    def _span(self, part: Sequence[Segment]) -> str:
        return self.text[part[0].words[0].start : part[-1].words[-1].end]

    def _add_goods(self, segment: Segment, text: str) -> None:
        kind = _kind_of(segment)
        assert segment.meaning is not None
        if segment.meaning.is_whole:
            # “running” says a field and no goods: running water is none.
            names_field = segment.singular.endswith("ing")
            own = (
                [segment.singular]
                if segment.singular != kind.name and not segment.is_generic and not names_field
                else []
            )
            things: Sequence[str] = [kind.name, *own, *kind.typical, *kind.further]
            categories: Sequence[str] = kind.categories
        else:
            things = [segment.singular, *_narrower(segment, kind)]
            categories = [segment.singular, *_near(segment, kind)]
        self.goods.append(_Goods(text=text, kind=kind, things=things, categories=categories))

    def _narrow_goods(self, segments: Sequence[Segment], head: Segment) -> None:
        """Keep of the last goods those that unlisted nouns before them name: science toys are not all toys."""
        goods = self.goods[-1]
        animals = [segment for segment in segments if _is_shown(segment, _kind_of(head))]
        # “Dog and cat costumes” show one animal each.
        before = [segment.singular for segment in animals] if len(animals) > 1 else [text_of(segments, self.text)]
        things = [f"{word} {head.singular}" for word in before]
        self.goods[-1] = replace(goods, things=things, categories=[*things, *goods.categories])

    def _absorb(self, segments: Sequence[Segment], *, head: Kind | None) -> None:
        """Take words beside the goods as audience, setting, style, or unknown."""
        before: list[Segment] = []
        for segment in segments:
            meaning = segment.meaning
            if meaning is None:
                (self.unlisted if segment.is_english else self.unknown).append(segment.text)
            elif meaning.audience is not None and (head is None or _suits(meaning.audience, head)):
                self._add_audience(meaning.audience, [*before, segment])
            elif meaning.style is not None:
                self.style.append(segment.singular)
            elif meaning.setting is not None:
                self._add_setting(meaning.setting, segment)
            elif meaning.audience is not None or meaning.kind is not None:
                self.style.append(segment.singular)
            before = [*before, segment] if segment.has_role("qualifier") else []

    # The clauses after the goods

    def _read_for(self, clause: Clause) -> None:
        for part in clause.parts:
            if not part:
                continue
            person = next((n for n in reversed(range(len(part))) if part[n].meaning and part[n].meaning.audience), None)  # type: ignore[union-attr]
            if person is not None:
                meaning = part[person].meaning
                assert meaning is not None
                assert meaning.audience is not None
                self._add_audience(meaning.audience, part[: person + 1])
                self._read_pursuits(part[person + 1 :])
            elif len(part) > 1 and part[-1].has_role("fan") and part[-2].is_goods:
                self.audience.append(text_of(part, self.text))
                self.fan_kinds.append(_kind_of(part[-2]))
            elif part[-1].is_goods and _ends_in_fan(part[-1]):
                self.audience.append(text_of(part, self.text))
                self.fan_kinds.append(_kind_of(part[-1]))
            elif any(segment.is_goods for segment in part):
                self._read_goods_for(part)
            else:
                self._read_unlisted_audience(part)

    def _read_pursuits(self, after: Sequence[Segment]) -> None:
        """Read what follows a person: “a father who loves grilling” is a fan of grilling."""
        goods = [segment for segment in after if segment.is_goods]
        self.fan_kinds.extend(map(_kind_of, goods))
        self._absorb([segment for segment in after if segment not in goods], head=None)

    def _read_goods_for(self, part: list[Segment]) -> None:
        """Read goods after ``for``: ``accessories for cameras``, ``mugs for tea``."""
        head = next(segment for segment in reversed(part) if segment.is_goods)
        if not self.goods:
            self._add_goods(head, self._span(part))
        else:
            last = self.goods[-1]
            composite = lexicon().find(key(f"{head.singular} {last.text}"))
            if composite is not None and composite.kind is not None:
                segment = Segment(
                    f"{head.singular} {last.text}", tuple(tokens(f"{head.singular} {last.text}")), composite
                )
                self.goods.pop()
                self._add_goods(segment, last.text)
            else:
                self.setting.append(head.singular)
        self._absorb([segment for segment in part if segment is not head], head=_kind_of(head))

    def _read_unlisted_audience(self, part: list[Segment]) -> None:
        setting = next((segment for segment in part if segment.meaning and segment.meaning.setting), None)
        if setting is not None:
            assert setting.meaning is not None
            assert setting.meaning.setting is not None
            self._add_setting(setting.meaning.setting, setting)
            self._absorb([segment for segment in part if segment is not setting], head=None)
            return
        strange = [segment for segment in part if not segment.is_english]
        self.unknown.extend(segment.text for segment in strange)
        if not strange:
            self.audience.append(text_of(part, self.text))

    def _read_circumstances(self, clause: Clause) -> None:
        for part in clause.parts:
            for segment in part:
                if segment.meaning is None and not segment.is_english:
                    self.unknown.append(segment.text)
                elif segment.meaning is not None and segment.meaning.setting is not None:
                    self._add_setting(segment.meaning.setting, segment)
                elif segment.meaning is not None and segment.meaning.style is not None:
                    self.style.append(segment.singular)
                elif segment.is_goods or segment.meaning is None or not segment.meaning.roles:
                    (self.style if clause.preposition == "with" else self.setting).append(segment.singular)

    def _read_excluded(self, clause: Clause) -> None:
        """Read what the goods must not have; no other part of the reading may ask for it.

        Other goods and other audiences are left out: no listing states that a cat's toy is not for dogs.
        """
        for part in filter(None, clause.parts):
            named = [segment.singular for segment in part if _is_goods_or_audience(segment)]
            if clause.preposition == "not" and named:
                self.left_out.update(named)
                continue
            self.unknown.extend(segment.text for segment in part if not segment.is_english)
            # “Not plastic” is checked in each listing; “not expensive” is only a look.
            is_thing = any(segment.names_goods or _has_style(segment) for segment in part)
            word = "without" if clause.preposition == "without" or is_thing else "not"
            self.style.append(f"{word} {text_of(part, self.text)}")

    def _without_left_out(self, texts: Sequence[str]) -> Sequence[str]:
        return [text for text in texts if not self.left_out & {text, *text.split()}]

    def _add_audience(self, audience: Audience, segments: Sequence[Segment]) -> None:
        strange = [segment.text for segment in segments if not segment.is_english]
        self.unknown.extend(strange)
        plain = [segment for segment in segments if segment.is_english and not segment.has_role("filler")]
        self.audience.append(text_of(plain, self.text))
        self.audiences.append(audience)

    def _add_setting(self, setting: Setting, segment: Segment) -> None:
        self.setting.append(segment.singular)
        self.settings.append(setting)

    # Together

    def _suit_animals(self) -> None:
        """Turn goods for animals into goods that are named after them: a toy for cats is a cat toy."""
        self._share_animal()
        animals = [audience for audience in self.audiences if audience.animal]
        if not animals:
            return
        suited: list[_Goods] = []
        for goods in self.goods:
            named = (_named_after(animal, goods) or _made_for(animal, goods) for animal in animals)
            found = [each for each in named if each is not None]
            named_already = bool(found) and key(goods.things[0])[-1:] != key(goods.things[0])
            suited.extend([*found, goods] if named_already else found or [goods])
        self.goods = suited

    def _share_animal(self) -> None:
        """Read the animal before the first goods into the later ones: “baby blankets and bottles”."""
        if not self.goods:
            return
        first, *later = self.goods
        animal = _animal_before(first)
        if animal is None or any(_animal_before(goods) for goods in later):
            return
        self.goods = [first, *(_named_after(animal, goods) or goods for goods in later)]

    def _separate(self) -> list[str]:
        """Return the texts of goods that do not belong in one store; empty if all do."""
        fields = [goods.kind.field for goods in self.goods if goods.kind is not None]
        if len(self.goods) < 2 or self.audience or self.setting or lexicon().are_related(fields):
            return []
        return _different(goods.text for goods in self.goods)

    def _resolved(self) -> tuple[list[str], list[str]]:
        """Return things and categories; those of the audience or setting if the niche names no goods."""
        gifts = bool(self.goods) and all(goods.kind is not None and goods.kind.name == GIFT for goods in self.goods)
        if self.goods and not gifts:
            return _interleaved([goods.things for goods in self.goods]), _interleaved(
                [goods.categories for goods in self.goods]
            )
        # What somebody is fond of says more about a gift than who it is for.
        known = [audience for audience in self.audiences if not self.fan_kinds or GIFT not in audience.kinds]
        people = self._of(known, self.fan_kinds)
        places = self._of(self.settings, [])
        if places[0] and not gifts:
            near = {word for thing in places[0] for word in key(thing)}
            # Of an audience's goods only those that suit the occasion: a dog raincoat on a rainy day.
            both = [thing for thing in people[0] if near & set(key(thing))]
            return [*places[0][:4], *both, *places[0][4:]], places[1]
        if people[0]:
            return people
        if gifts:
            own = [f"{person} gift" for person in self.audience]
            return [*own, *self.goods[0].things], list(self.goods[0].categories)
        if self.is_generic and self.audience:
            return [f"{person} {GIFT}" for person in self.audience], []
        return [], []

    @staticmethod
    def _of(entries: Iterable[Audience | Setting], more: Iterable[Kind]) -> tuple[list[str], list[str]]:
        entries = list(entries)
        kinds = [*(lexicon().kinds[name] for entry in entries for name in entry.kinds), *more]
        things = [thing for entry in entries for thing in entry.things]
        typical = _interleaved([(kind.name, *kind.typical) for kind in kinds])
        return [*things, *typical], _interleaved([kind.categories for kind in kinds])

    def _suggestions(self) -> list[str]:
        strange = [word for word in self.unknown if word not in self.unlisted]
        if strange:
            return corrected(self.text, strange)
        return [] if self.unknown else with_goods(self.style or self.setting)


def _kind_of(segment: Segment) -> Kind:
    assert segment.meaning is not None
    assert segment.meaning.kind is not None
    return segment.meaning.kind


def _names_field(segment: Segment) -> bool:
    """Whether goods are of a whole field, such as the barbecue."""
    return segment.is_goods and segment.meaning is not None and segment.meaning.is_whole and _is_only_goods(segment)


def _has_style(segment: Segment) -> bool:
    return segment.meaning is not None and segment.meaning.style is not None


def _is_goods_or_audience(segment: Segment) -> bool:
    return segment.is_goods or (segment.meaning is not None and segment.meaning.audience is not None)


def _is_unlisted(segment: Segment) -> bool:
    return segment.meaning is None


def _is_only_goods(segment: Segment) -> bool:
    meaning = segment.meaning
    return meaning is not None and meaning.audience is None and meaning.setting is None and meaning.style is None


def _is_animal(segment: Segment) -> bool:
    """Whether a phrase names an animal, or a figure of it: babies are for goods of their own."""
    meaning = segment.meaning
    if meaning is None:
        return False
    return "motif" in meaning.roles or (meaning.audience is not None and _is_pet(meaning.audience))


def _is_pet(audience: Audience) -> bool:
    return audience.animal and audience.name != "baby"


def _names_all_animals(segment: Segment) -> bool:
    return (
        segment.meaning is not None and segment.meaning.audience is not None and segment.meaning.audience.name == "pet"
    )


def _is_shown(segment: Segment, head: Kind) -> bool:
    """Whether goods show an animal and are not for it: a cat mug is."""
    audience = None if segment.meaning is None else segment.meaning.audience
    return audience is not None and _is_pet(audience) and not _suits(audience, head)


def _ends_in_fan(segment: Segment) -> bool:
    return len(segment.words) > 1 and segment.words[-1].singular in lexicon().words.fans


def _suits(audience: Audience, head: Kind) -> bool:
    """Whether goods before which an audience stands are for it: a cat bed is, a cat mug shows one."""
    return not audience.animal or head.field in {"pets", "children"} or audience.name == "baby"


def _narrower(segment: Segment, kind: Kind) -> list[str]:
    """Return the goods of a kind whose name contains the segment's: fountain pens, for pens."""
    own = set(key(segment.text))
    return [thing for thing in (*kind.typical, *kind.others) if own < set(key(thing))]


def _near(segment: Segment, kind: Kind) -> list[str]:
    """Return the categories of a kind that share a word with the segment; the nearest one if none does."""
    own = set(key(segment.text))
    return [category for category in kind.categories if own & set(key(category))] or list(kind.categories[:1])


def _animal_before(goods: _Goods) -> Audience | None:
    """Return the animal, or baby, that goods are named after."""
    meaning = lexicon().find(key(goods.things[0])[:1])
    audience = None if meaning is None else meaning.audience
    return audience if audience is not None and audience.animal else None


def _named_after(animal: Audience, goods: _Goods) -> _Goods | None:
    """Return goods that are known by an animal's name: beds are dog beds, a wrench is no dog's."""
    # “cat and dog toys”: the last word is what the animals share.
    head = goods.things[0].rpartition(" ")[2]
    for name in (animal.name, *(["pet"] if "pet supply" in _categories_of(animal) else [])):
        meaning = lexicon().find(key(f"{name} {head}"))
        thing = f"{name} {head}"
        if meaning is not None and meaning.kind is not None and thing != goods.things[0]:
            kind = meaning.kind
            typical = kind.typical if meaning.is_whole else [each for each in kind.typical if head in each]
            return _Goods(text=thing, kind=kind, things=[thing, *typical], categories=kind.categories)
    return None


def _made_for(animal: Audience, goods: _Goods) -> _Goods | None:
    """Return people's goods as those of an animal that they are said to be for: a costume for cats is a cat costume."""
    kind = goods.kind
    if not _is_pet(animal) or kind is None or kind.name == GIFT or kind.field in ANIMAL_FIELDS:
        return None
    of_animal = lexicon().kinds[animal.kinds[0]]
    thing = f"{animal.name} {goods.things[0].rpartition(' ')[2]}"
    return _Goods(text=thing, kind=of_animal, things=[thing], categories=[thing, *of_animal.categories])


def _categories_of(audience: Audience) -> set[str]:
    """Return the categories of an audience's goods."""
    return {category for name in audience.kinds for category in lexicon().kinds[name].categories}


def _interleaved(lists: Sequence[Sequence[str]]) -> list[str]:
    """Return all entries, alternating between the lists."""
    return [entry for turn in zip_longest(*lists) for entry in turn if entry is not None]


def _different(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))
