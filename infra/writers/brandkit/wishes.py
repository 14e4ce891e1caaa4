"""Wishes for colors, fonts and a logo, as far as they name what brands are made of."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from domain.editing import EditField, FieldValues
from domain.store.brand import Palette
from infra.writers.brandkit.kit import DrawnBrandKit
from infra.writers.brandkit.palette import hex_color, parse_color, prefers_dark

_WORD = re.compile(r"#[0-9a-f]{6}\b|#[0-9a-f]{3}\b|[^\W\d_]+")
_SHADES = frozenset({"dark", "deep", "light", "pale"})
_ROLES = ("secondary", "accent")
_KIT = DrawnBrandKit()


def wished_looks(values: FieldValues, hint: str, *, name: str) -> tuple[FieldValues, frozenset[str]]:
    """Return colors, fonts and logo as a hint names them, and the words that named them.

    Args:
        values: the live values; only the fields that are in it are changed.
        hint: the merchant's wish.
        name: the store's name, which the logo is labeled with.
    """
    words = _WORD.findall(hint.casefold())
    makers: Mapping[EditField, Callable[[Any, Sequence[str], str], tuple[JsonValue, set[str]]]] = {
        EditField.COLORS: _colors,
        EditField.FONTS: _fonts,
        EditField.LOGO: _logo,
    }
    made: dict[EditField, JsonValue] = {}
    named: set[str] = set()
    for field, make in makers.items():
        if values.get(field) is None:
            continue
        # The logo is drawn in the colors of the same proposal.
        value, used = make({**values, **made}, words, name)
        if used:
            made[field] = value
            named |= used
    return made, frozenset(named)


def _colors(values: Mapping[EditField, Any], words: Sequence[str], _: str) -> tuple[JsonValue, set[str]]:
    palette = Palette.model_validate(values[EditField.COLORS])
    anchors = {"primary": palette.primary, "secondary": palette.secondary, "accent": palette.accent}
    used: set[str] = set()
    for number, word in enumerate(words):
        before, after = words[max(0, number - 1) : number], words[number + 1 : number + 2]
        shade = [one for one in before if one in _SHADES]
        color = None if word in _SHADES else parse_color(" ".join([*shade, word]))
        if color is None:
            continue
        role = next((one for one in after if one in _ROLES), "primary")
        anchors[role] = hex_color(color)
        used |= {word, *shade, *(one for one in after if one in _ROLES)}
    loose = [word for word in words if word not in used]
    dark = prefers_dark(loose)
    if dark is not None:
        used |= {word for word in loose if prefers_dark([word]) is not None}
    if not used:
        return None, set()
    made = _KIT.palette(**anchors, dark=_KIT.is_dark(palette) if dark is None else dark)
    return made.model_dump(mode="json"), used


def _fonts(_values: Mapping[EditField, Any], words: Sequence[str], _: str) -> tuple[JsonValue, set[str]]:
    sentence = f" {' '.join(words)} "
    headings = {" ".join(_WORD.findall(heading.casefold())): heading for heading in _KIT.headings}
    named = {**headings, **_kinds_of_fonts()}
    for phrase in sorted(named, key=len, reverse=True):
        pair = _KIT.fonts(named[phrase])
        if f" {phrase} " in sentence and pair is not None:
            return pair.model_dump(mode="json"), set(phrase.split())
    return None, set()


def _logo(values: Mapping[EditField, Any], words: Sequence[str], name: str) -> tuple[JsonValue, set[str]]:
    symbol = next((word for word in words if word in _KIT.symbols), None)
    if symbol is None or EditField.COLORS not in values:
        return None, set()
    logo = _KIT.logo(symbol, Palette.model_validate(values[EditField.COLORS]), name=name)
    return None if logo is None else logo.model_dump(mode="json"), {symbol}


@cache
def _kinds_of_fonts() -> Mapping[str, str]:
    kinds: Mapping[str, str] = tomllib.loads(Path(__file__).with_name("wishes.toml").read_text("utf-8"))["fonts"]
    return kinds
