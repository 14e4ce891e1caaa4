"""The merchant's edit of a brand: checks, and the texts that follow a new name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from domain.editing import EditField, FieldValues
from domain.kernel import InvalidInput, Value, next_header
from domain.store.aggregate import Store
from domain.store.brand import BrandIdentity, FontPair, Logo, Look, Palette, Voice
from domain.store.errors import StoreNotReady
from domain.store.events import BrandEdited, ContactChanged, StoreEvent
from domain.store.refusals import refuse_unsellable
from domain.store.texts import brand_values
from domain.store.trademarks import find_mark_in_name
from domain.text import check_readable, clean_line, clean_text, has_control_characters

NAME_MOST, TAGLINE_MOST, STORY_MOST = 60, 120, 1200
TONE_MOST, TONE_WORD_MOST = 6, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandEdit:
    """Changes to a brand; None leaves a part as it is."""

    name: str | None = None
    tagline: str | None = None
    story: str | None = None
    tone: Sequence[str] | None = None
    """Adjectives, the strongest first."""
    colors: Palette | None = None
    """Already readable."""
    fonts: FontPair | None = None
    logo: Logo | None = None
    look: Look | None = None


def edited(brand: BrandIdentity, edit: BrandEdit) -> BrandIdentity:
    """Return a brand after an edit. Texts and the logo's label that contain the former name get the new one.

    Raises:
        InvalidInput: names the field.
    """
    name = brand.name if edit.name is None else check_name(edit.name, former=brand.name)
    voice, logo = brand.voice, edit.logo or brand.logo
    tagline, story = _renamed(voice.tagline, brand.name, name), _renamed(voice.story, brand.name, name)
    if edit.logo is None:
        svg = _renamed(logo.svg, escape(brand.name), escape(name))
        logo = Logo(concept=_renamed(logo.concept, brand.name, name), svg=svg)
    return BrandIdentity(
        name=name,
        logo=logo,
        palette=edit.colors or brand.palette,
        fonts=edit.fonts or brand.fonts,
        voice=Voice(
            tone=list(voice.tone) if edit.tone is None else _checked_tone(edit.tone),
            tagline=tagline if edit.tagline is None else _checked_line("tagline", edit.tagline, TAGLINE_MOST),
            story=story if edit.story is None else _checked_story(edit.story),
        ),
        look=edit.look or brand.look,
    )


def edit_of(values: FieldValues) -> BrandEdit:
    """Return the edit that sets these fields, as a draft has them."""
    models: Mapping[EditField, type[Value]] = {
        EditField.COLORS: Palette,
        EditField.FONTS: FontPair,
        EditField.LOGO: Logo,
        EditField.LOOK: Look,
    }
    parts: dict[str, Any] = {}
    for name, value in values.items():
        model = models.get(name)
        parts[name.lower()] = value if model is None or value is None else model.model_validate(value)
    return BrandEdit(**parts)


def edit_brand(store: Store, edit: BrandEdit, *, slug: str, at: datetime) -> Sequence[StoreEvent]:
    """Change parts of a store's brand. No-op if nothing differs.

    Args:
        store: the store.
        edit: the changes.
        slug: the store's address from now on, which the caller has reserved.
        at: the time of the decision.

    Raises:
        InvalidInput: names the field.
        StoreNotReady: the store is archived, or has no brand yet.
    """
    brand = brand_of(store)
    after = edited(brand, edit)
    before_values, values = brand_values(brand), brand_values(after)
    fields = [name for name in EditField if name in values and values[name] != before_values[name]]
    if not fields:
        return ()
    return (BrandEdited(**next_header(store, at), brand=after, fields=fields, slug=slug),)


def change_contact(store: Store, contact_email: str | None, *, at: datetime) -> Sequence[StoreEvent]:
    """Change the address that shoppers write to; None removes it. No-op if it is the same.

    Raises:
        StoreNotReady: the store is archived.
    """
    store.refuse_archived("edited")
    if contact_email == store.contact_email:
        return ()
    return (ContactChanged(**next_header(store, at), contact_email=contact_email),)


def brand_of(store: Store) -> BrandIdentity:
    """Return the brand of a store that can be edited.

    Raises:
        StoreNotReady: the store is archived, or has no brand yet.
    """
    store.refuse_archived("edited")
    if store.brand is None:
        raise StoreNotReady(store.id, store.status, "edited", "It has no brand yet. Wait for its brand step.")
    return store.brand


def check_option(store: Store, name: str) -> str:
    """Return the name among those that were compared for the store's brand.

    Raises:
        InvalidInput: it was not among them.
    """
    cleaned = clean_line(name)
    if cleaned not in store.name_options:
        known = ", ".join(f"“{option}”" for option in store.name_options)
        hint = f"Use one of {known}." if known else "The store has no options yet."
        raise InvalidInput("name", f"Invalid name “{cleaned[:NAME_MOST]}”. {hint}")
    return cleaned


def check_name(name: str, *, former: str | None = None) -> str:
    """Return a store's name in the stored form.

    Args:
        name: as the merchant typed it.
        former: the store's present name, which stays allowed.

    Raises:
        InvalidInput: the name is empty, too long, not readable, another company's trade mark, or names goods that are not sold.
    """
    cleaned = _checked_line("name", name, NAME_MOST)
    if cleaned == former:
        return cleaned
    if not any(letter.isalnum() for letter in cleaned):
        raise InvalidInput("name", f"Invalid name “{cleaned}”. Use letters or digits.")
    mark = find_mark_in_name(cleaned)
    if mark is not None:
        raise InvalidInput("name", f"The name “{cleaned}” has the trade mark “{mark.title()}” in it. Use another name.")
    refuse_unsellable("name", cleaned)
    return cleaned


def _checked_line(field: str, text: str, most: int) -> str:
    check_readable(field, text)
    if has_control_characters(text.strip()):
        raise InvalidInput(field, f"{field} has a line break or a tab in it. Use one line of plain words.")
    cleaned = clean_line(text)
    if not 0 < len(cleaned) <= most:
        raise InvalidInput(field, f"{field} has {len(cleaned)} characters. Use 1 to {most}.")
    return cleaned


def _checked_story(text: str) -> str:
    check_readable("story", text)
    cleaned = clean_text(text).strip()
    if not 0 < len(cleaned) <= STORY_MOST:
        raise InvalidInput("story", f"story has {len(cleaned)} characters. Use 1 to {STORY_MOST}.")
    return cleaned


def _checked_tone(words: Sequence[str]) -> list[str]:
    if not 0 < len(words) <= TONE_MOST:
        raise InvalidInput("tone", f"tone has {len(words)} words. Use 1 to {TONE_MOST}.")
    return list(dict.fromkeys(_checked_line("tone", word, TONE_WORD_MOST) for word in words))


def _renamed(text: str, former: str, name: str) -> str:
    if former == name or not former:
        return text
    return re.sub(rf"(?<!\w){re.escape(former)}(?!\w)", lambda _: name, text)
