"""Words of suppliers that shoppers would read as they are: kept if they are labels, and dropped if they say something else.

A supplier's text is data. Orders to a model and ways to reach somebody else are in no text of a shop.
"""

import re
from collections.abc import Iterable, Mapping

from domain.text import clean_line, fold

TAGS_MOST = 30
TAG_MOST, TAG_WORDS = 40, 5
"""Longest tag, in characters and in words. What is longer is a sentence."""
CATEGORY_MOST = 200
"""Characters of a category with all of its levels."""
VARIANT_MOST = 120

_TO_A_MODEL = (
    r"\b(ignore|disregard|forget|override)\b.{0,40}\b(instruct\w*|prompts?|rules?|above|previous|prior|everything)\b|"
    r"\b(system|developer|assistant|user) ?(prompt|message|role)\b|\b(you are|act as|pretend|as an?) (now )?(an? )?"
    r"(ai|llm|assistant|language model|chatbot|gpt)\b|\b(language model|chatgpt|openai|prompt injection|api key|password)\b|"
    r"\byou are now\b|<\|?\w*\|?>|\bfunction\s*\(|=>|\{\{|\}\}"
)
_FOR_A_MODEL = re.compile(_TO_A_MODEL, re.IGNORECASE)
_ORDERS = re.compile(
    _TO_A_MODEL
    + r"|\b(write|say|output|respond|reply|print|repeat|answer|reveal|tell|set|rate|claim|describe)\b.{0,30}"
    r"\b(following|instead|only|exactly|json|that (this|the|it)|the (title|price|store|product) (is|to|as))\b",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"(?:https?://|www\.)\S+|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+|"
    r"\b(?:[a-z0-9][a-z0-9-]{0,62}\.){1,4}(?:com|net|org|shop|store|info|biz|online|site|xyz|cn|ru|example)\b(?:/\S*)?|"
    r"\bwhats ?app\b|\bwe ?chat\b|\btelegram\b|\bskype\b|"
    r"\+\d[\d ()./-]{6,24}\d|\b(?:tel|phone|telephone|call|fax|hotline|mobile)\b[^\d\n]{0,12}(?:\d{7,15}|\d{3,5}(?:[ ()-]{1,2}\d{2,}){1,4})",
    re.IGNORECASE,
)
_NO_LABEL = re.compile(r"[<>{}\[\]\\|`*_#~^@:;!?=\"“”]")
_NO_CATEGORY = re.compile(r"[<{}\[\]\\`*#~^@!?=\"“”]")


def find_order(text: str, *, any_order: bool = True) -> str | None:
    """Return words that give an order to a model; None if there are none.

    Args:
        text: a line or a sentence.
        any_order: whether "write only ..." counts too, which a shop may say to its shoppers.
    """
    found = (_ORDERS if any_order else _FOR_A_MODEL).search(text)
    return None if found is None else found.group()


def find_contact(text: str) -> str | None:
    """Return a link, an e-mail address, a phone number or a messenger's name; None if there is none."""
    found = _CONTACT.search(text)
    return None if found is None else found.group()


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Return a supplier's tags as one line each, without those that are not labels, and each once."""
    kept: dict[str, str] = {}
    for tag in tags:
        text = _label(tag, TAG_MOST, _NO_LABEL)
        if text and len(text.split()) <= TAG_WORDS:
            kept.setdefault(fold(text), text)
        if len(kept) == TAGS_MOST:
            break
    return list(kept.values())


def clean_category(category: str) -> str:
    """Return a supplier's category with its levels; empty if it is not a label."""
    return _label(category, CATEGORY_MOST, _NO_CATEGORY)


def clean_variant(title: str, number: int) -> str:
    """Return a variant's title, or its number if the title says something else."""
    return _label(title, VARIANT_MOST, _NO_CATEGORY) or f"Option {number}"


def clean_options(options: Mapping[str, str]) -> dict[str, str]:
    """Return a variant's options without those that are not labels."""
    pairs = {
        _label(name, TAG_MOST, _NO_CATEGORY): _label(value, VARIANT_MOST, _NO_CATEGORY)
        for name, value in options.items()
    }
    return {name: value for name, value in pairs.items() if name and value}


def clean_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return the facts that a supplier states without orders to a model. A manufacturer's address stays: the law asks for it."""
    return {name: value for name, value in attributes.items() if find_order(f"{name}: {value}") is None}


def _label(raw: str, most: int, forbidden: re.Pattern[str]) -> str:
    """Return a text as one line; empty if it is too long, has marks that labels do not have, orders or contacts."""
    text = clean_line(raw[: most * 2])
    if len(text) > most or forbidden.search(text) or find_order(text) or find_contact(text):
        return ""
    return text
