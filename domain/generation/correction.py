"""The merchant's correction of what a niche was understood to mean."""

from collections.abc import Sequence

from domain.editing import Parts, fingerprint
from domain.kernel import InvalidInput, Value
from domain.store.niche import NICHE_MAX, NicheReading
from domain.store.refusals import refuse_unsellable
from domain.text import check_readable, clean_line

BY_MERCHANT = "merchant"
_PLURALS = {"child": "children", "man": "men", "woman": "women", "person": "people", "fish": "fish", "people": "people"}
ENTRIES_MOST, ENTRY_MAX = 16, 60


class Correction(Value):
    """The parts of a reading that the merchant corrects, in the merchant's words; None leaves a part as it is."""

    things: list[str] | None
    audience: list[str] | None
    setting: list[str] | None
    style: list[str] | None

    @classmethod
    def of(
        cls,
        *,
        things: Sequence[str] | None,
        audience: Sequence[str] | None,
        setting: Sequence[str] | None,
        style: Sequence[str] | None,
    ) -> "Correction":
        """Return a checked correction.

        Raises:
            InvalidInput: a list or a text is too long, or asks for goods that are not sold.
        """
        return cls(
            things=_entries("things", things),
            audience=_entries("audience", audience),
            setting=_entries("setting", setting),
            style=_entries("style", style),
        )

    def applied(self, reading: NicheReading, listed: NicheReading | None) -> NicheReading:
        """Return the corrected reading, without open questions.

        Args:
            reading: the former reading.
            listed: what the reader knows about the corrected things; None if they stay.

        Raises:
            InvalidInput: no goods are named.
        """
        changes: dict[str, object] = {"unknown": [], "separate": [], "suggestions": [], "read_by": BY_MERCHANT}
        if self.things is not None:
            known = [] if listed is None else listed.things
            changes["things"] = list(dict.fromkeys([*(thing.lower() for thing in self.things), *known]))
            changes["categories"] = [] if listed is None else listed.categories
        for part in ("audience", "setting", "style"):
            entries = getattr(self, part)
            if entries is not None:
                changes[part] = [entry.lower() for entry in entries]
        corrected = reading.model_copy(update=changes)
        if not corrected.things:
            raise InvalidInput(
                "things", "things is empty. Name the goods that the store will sell, such as “cat toys”."
            )
        return corrected


def reading_parts(reading: NicheReading) -> Parts:
    """Return what a correction can change of a reading, each as a fingerprint."""
    parts = {"GOODS": reading.things, "AUDIENCE": reading.audience, "SETTING": reading.setting, "STYLE": reading.style}
    return {name: fingerprint(list(entries)) for name, entries in parts.items()}


def phrase_of(correction: Correction, reading: NicheReading) -> str:
    """Return a niche in words for a corrected reading: ``felt cat toys for senior cats``."""
    goods = (correction.things or reading.things)[:2]
    words = f"{' '.join((correction.style or [])[:1])} {' and '.join(goods)}".strip()
    audience = correction.audience[:1] if correction.audience else [_plural(text) for text in reading.audience[:1]]
    phrase = f"{words} for {audience[0]}" if audience else words
    return phrase if len(phrase) <= NICHE_MAX else goods[0]


def _plural(phrase: str) -> str:
    head, space, last = phrase.rpartition(" ")
    if last in _PLURALS or last.endswith("s"):
        return f"{head}{space}{_PLURALS.get(last, last)}"
    if last.endswith("y") and last[-2:-1] not in "aeiou":
        return f"{head}{space}{last[:-1]}ies"
    return f"{head}{space}{last}{'es' if last.endswith(('x', 'ch', 'sh')) else 's'}"


def _entries(field: str, texts: Sequence[str] | None) -> list[str] | None:
    if texts is None:
        return None
    if len(texts) > ENTRIES_MOST:
        raise InvalidInput(field, f"{field} has {len(texts)} entries. Use at most {ENTRIES_MOST}.")
    cleaned: list[str] = []
    for text in texts:
        check_readable(field, text)
        line = clean_line(text)
        if len(line) > ENTRY_MAX:
            raise InvalidInput(field, f"{field} has an entry of {len(line)} characters. Use at most {ENTRY_MAX}.")
        refuse_unsellable(field, line)
        if line:
            cleaned.append(line)
    return list(dict.fromkeys(cleaned))
