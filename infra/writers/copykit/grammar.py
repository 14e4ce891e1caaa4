"""English grammar for short texts: number, articles, capitals, truncation."""

import re
from collections.abc import Iterable

_CHOICE = re.compile(r"\[([^\[\]/]*)/([^\[\]]*)\]")
_SMALL = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "but",
        "by",
        "for",
        "from",
        "in",
        "into",
        "of",
        "on",
        "or",
        "the",
        "to",
        "with",
        "per",
    ]
)
_PROPER = frozenset(
    [
        "italian",
        "japanese",
        "scandinavian",
        "nordic",
        "french",
        "english",
        "german",
        "danish",
        "swedish",
        "norwegian",
        "finnish",
        "turkish",
        "moroccan",
        "persian",
        "indian",
        "chinese",
        "korean",
        "spanish",
        "portuguese",
        "american",
        "european",
        "african",
        "asian",
        "british",
        "mexican",
        "egyptian",
        "zen",
        "android",
        "bluetooth",
        "christmas",
        "halloween",
        "easter",
        "wifi",
        "bauhaus",
    ]
)
_ACRONYMS = {
    word.casefold(): word
    for word in (
        [
            "LED",
            "RGB",
            "USB",
            "PC",
            "TV",
            "HD",
            "QHD",
            "UHD",
            "HDMI",
            "IPS",
            "SSD",
            "RAM",
            "CPU",
            "GPU",
            "LCD",
            "OLED",
            "UV",
            "PU",
            "PVC",
            "ABS",
            "PBT",
            "TLR",
            "SLR",
            "DSLR",
            "RJ45",
            "LAN",
            "UK",
            "US",
            "EU",
            "DIY",
            "GPS",
            "NFC",
            "VR",
            "AC",
            "DC",
            "MP3",
            "FHD",
            "ATX",
            "USB-C",
            "USB-A",
            "PBT",
            "OEM",
            "II",
            "III",
            "XL",
            "XXL",
        ]
    )
} | {"iphone": "iPhone", "ipad": "iPad", "wifi": "Wi-Fi", "wi-fi": "Wi-Fi", "usb-c": "USB-C", "usb-a": "USB-A"}
_SINGULAR_S = frozenset(
    [
        "canvas",
        "compass",
        "glass",
        "lens",
        "series",
        "chess",
        "chassis",
        "atlas",
        "gas",
        "bus",
        "cactus",
        "iris",
        "hibiscus",
        "grass",
    ]
)
_UNIT = re.compile(
    r"^\d+([.,]\d+)?(mm|cm|m|km|g|kg|mg|ml|l|w|kw|v|a|mah|hz|khz|mhz|ghz|mp|gb|tb|mb|k|p|x|d|inch|in|ft|pcs|pack|c|db|ma|bit)?$"
    r"|^(f|e|m|ip|usb|ddr|cat|rj|r|t|gu|type)\d+([.,]\d+)?$|^\d+([.,]\d+)?x\d+([.,]\d+)?(x\d+([.,]\d+)?)?(mm|cm|m|in)?$",
    re.IGNORECASE,
)


def agree(sentence: str, *, plural: bool) -> str:
    """Replace each ``[gives/give]`` with its singular or plural form."""
    return _CHOICE.sub(lambda mark: mark.group(2 if plural else 1), sentence)


def is_plural(word: str) -> bool:
    """Whether a noun is plural, by its ending."""
    low = word.casefold()
    if low in _SINGULAR_S or low.endswith(("ss", "us")):
        return low == "greens"
    return low in _IRREGULAR_PLURALS or (low.endswith("s") and len(low) > 2)


_IRREGULAR = {
    "shelf": "shelves",
    "knife": "knives",
    "scarf": "scarves",
    "leaf": "leaves",
    "loaf": "loaves",
    "half": "halves",
    "cactus": "cacti",
    "mouse": "mice",
    "goose": "geese",
    "foot": "feet",
    "tooth": "teeth",
    "child": "children",
    "woman": "women",
    "man": "men",
    "tomato": "tomatoes",
    "potato": "potatoes",
}
"""Compounds follow their last part, ``bookshelf``. Compounds of the words in ``_ALONE`` do not, such as ``ottoman``."""
_ALONE = frozenset(["man", "goose", "half"])
_IRREGULAR_ENDING = re.compile(f"({'|'.join(f'^{word}' if word in _ALONE else word for word in _IRREGULAR)})$")
_IRREGULAR_PLURALS = frozenset(_IRREGULAR.values())
_UNCOUNTED = frozenset(
    [
        "art",
        "decor",
        "bedding",
        "greenery",
        "luggage",
        "cutlery",
        "stationery",
        "ram",
        "moss",
        "soil",
        "ivy",
        "jewelry",
        "jewellery",
        "clothing",
        "furniture",
        "bonsai",
        "sheep",
        "fish",
        "equipment",
        "software",
        "hardware",
        "lingerie",
        "crockery",
        "glassware",
        "drinkware",
        "tableware",
        "cookware",
        "bakeware",
        "footwear",
        "knitwear",
        "sportswear",
        "underwear",
        "homeware",
        "lighting",
        "seating",
        "storage",
        "skincare",
        "makeup",
        "coffee",
        "tea",
        "matcha",
        "yarn",
        "wool",
        "merchandise",
    ]
)


def pluralize(phrase: str) -> str:
    """Return the plural of a noun phrase. A mass noun stays as it is."""
    head, space, last = phrase.rpartition(" ")
    low = last.casefold()
    if low in _UNCOUNTED or is_plural(last):
        return phrase
    irregular = _IRREGULAR_ENDING.search(low)
    if irregular is not None:
        many = last[: irregular.start()] + _like(last[irregular.start() :], _IRREGULAR[irregular[1]])
    elif low.endswith(("s", "x", "ch", "sh")):
        many = f"{last}es"
    elif low.endswith("y") and low[-2:-1] not in set("aeiou"):
        many = f"{last[:-1]}ies"
    else:
        many = f"{last}s"
    return f"{head}{space}{many}"


def _like(model: str, word: str) -> str:
    """Return a word with the capitalization of ``model``."""
    if model.isupper():
        return word.upper()
    return word.capitalize() if model[:1].isupper() else word


def article(phrase: str) -> str:
    """Return ``a`` or ``an`` for a phrase."""
    first = re.split(r"[\s-]", phrase.strip(), maxsplit=1)[0]
    if re.match(r"^(8|11|18)(\D|$)", first):
        return "an"
    if first.isupper() and 1 < len(first) <= 5:
        return "an" if first[0] in "AEFHILMNORSX" else "a"
    if re.match(r"(?i)^(uni|use|usu|euro|one\b|once|u[bks]i)", first):
        return "a"
    return "an" if re.match(r"(?i)^([aeiou]|hour|honest|heir)", first) else "a"


def is_measure(word: str) -> bool:
    """Whether a word is a number, a size or a standard (``35mm``, ``4K``, ``DDR4``) rather than a model code."""
    return bool(_UNIT.match(word))


def capitals(words: Iterable[str]) -> str:
    """Return words in title case: small words in lower case, acronyms and measures unchanged."""
    given = list(words)
    # "USB A", "Vitamin C": a single capital after a name is part of it.
    return " ".join(
        word if len(word) == 1 and word.isupper() and at else _capital(word, first=at == 0)
        for at, word in enumerate(given)
    )


def _capital(word: str, *, first: bool) -> str:
    low = word.casefold()
    if low in _ACRONYMS:
        return _ACRONYMS[low]
    if any(letter.isdigit() for letter in word):
        return word
    if low in _SMALL and not first:
        return low
    if "-" in word:
        return "-".join(_capital(part, first=True) for part in word.split("-"))
    if word.isupper() or word.islower():
        return word[:1].upper() + low[1:]
    return word[:1].upper() + word[1:]


def running(phrase: str) -> str:
    """Return a title for use inside a sentence: lower case except acronyms, measures and proper names."""
    return " ".join(word if at and word == "A" else _lower(word) for at, word in enumerate(phrase.split()))


def lower_first(sentence: str) -> str:
    """Return a sentence with its first word in lower case, to follow a colon."""
    head, space, rest = sentence.partition(" ")
    return _lower(head) + space + rest


def upper_first(sentence: str) -> str:
    """Return a sentence with its first letter in upper case."""
    return sentence[:1].upper() + sentence[1:]


def sentence(text: str) -> str:
    """Return a fragment with a capital first letter and a full stop."""
    trimmed = text.strip().rstrip(",;:–—-").rstrip()
    if not trimmed:
        return ""
    first, space, rest = trimmed.partition(" ")
    known = _ACRONYMS.get(first.casefold())
    head = known or upper_first(first)
    return f"{head}{space}{rest}" + ("" if trimmed[-1] in ".!?…" else ".")


def _lower(word: str) -> str:
    low = word.casefold()
    bare = low.strip(",.:;")
    if bare in _ACRONYMS or any(letter.isdigit() for letter in word):
        return word
    if bare in _PROPER or (any(letter.isupper() for letter in word[1:]) and "-" not in word):
        return word
    return "-".join(part.lower() if part[:1].isupper() and part[1:].islower() else part for part in word.split("-"))


def shorten(text: str, most: int) -> str:
    """Return at most ``most`` characters of a title: whole words, without a small word such as ``with`` at the end."""
    if len(text) <= most:
        return text
    words = text[: most + 1].split(" ")[:-1]
    while words and (words[-1].casefold() in _SMALL or not any(letter.isalnum() for letter in words[-1])):
        words.pop()
    return " ".join(words).rstrip(" ,;:–—-&|") or text[:most].rstrip()


def listed(items: list[str], last: str = "and") -> str:
    """Return ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"
