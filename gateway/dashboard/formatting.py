"""Values as people read them. Everything is formatted on the server."""

import base64
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from jinja2 import pass_context
from jinja2.runtime import Context

from gateway.code_names import COMPANIES
from gateway.dashboard.countries import LOCALE, countries, country

NONE = "–"
REMEMBERED = 4_000
"""Amounts, numbers and times whose words are kept: a list shows the same ones at each load."""
FIELD, HUMP = re.compile(r"[a-z]+(?:[A-Z][a-z]*)*(?:\.\w+)*(?= )"), re.compile(r"(?<=[a-z])(?=[A-Z])")
INVALID = re.compile(r"^Invalid ([a-z]\w*(?:\.\w+)*)(?=[ .:])")
EMPTY = re.compile(r" has 0 characters\. Use 1 to ([\d,]+)\.")
ABBREVIATIONS = frozenset({"FAQ", "SEO"})
FIELDS = {
    "vatId": "VAT ID",
    "email": "e-mail address",
    "url": "web address",
    "secretKey": "restricted key",
    "slug": "address",
    "compareAtPrice": "former price",
    "costPrice": "cost",
    "metaTitle": "title for search engines",
    "metaDescription": "description for search engines",
}
"""Fields of the API whose labels on the pages are not their names."""
LABELS = {
    "META": "For search engines",
    "meta_title": "Title for search engines",
    "meta_description": "Description for search engines",
    "CONTENT": "Text",
}
"""What a draft changes, as the page of its target calls it."""
PLAIN = {
    "Use an IANA name such as": "Choose one of the list, such as",
    "Use an ISO 3166 code of two letters, such as DE.": "Use its name or two letters, such as Germany or DE.",
    "Use ISO 3166-1, such as DE.": "Use its name or two letters, such as Germany or DE.",
}
"""What the API asks of programs, and what a page asks of people."""


def money(value: Any, currency: str | None = None) -> str:
    """Return an amount with its currency: the API's money object, or a decimal and a currency."""
    if value is None:
        return NONE
    if isinstance(value, Mapping):
        if value.get("formatted"):
            return str(value["formatted"])
        value, currency = value.get("amount"), value.get("currency", currency)
    return _money(str(value), currency or "USD")


@lru_cache(maxsize=REMEMBERED)
def _money(amount: str, currency: str) -> str:
    return format_currency(Decimal(amount), currency, locale=LOCALE)


def number(value: Any) -> str:
    """Return a number with its thousands apart."""
    return NONE if value is None else _number(value)


@lru_cache(maxsize=REMEMBERED)
def _number(value: Any) -> str:
    return format_decimal(value, locale=LOCALE)


def percent(value: Any, *, digits: int = 1) -> str:
    """Return a share of 1 in percent."""
    return NONE if value is None else format_percent(value, locale=LOCALE, format=f"#,##0.{'#' * digits}%")


@pass_context
def moment(context: Context, value: Any) -> str:
    """Return a time such as “Nov 29, 2026, 10:02 AM” in the page's time zone."""
    return NONE if value is None else _moment(value, _zone(context))


@lru_cache(maxsize=REMEMBERED)
def _moment(value: Any, zone: ZoneInfo) -> str:
    text = format_datetime(_time(value), "MMM d, y, h:mm a", tzinfo=zone, locale=LOCALE)
    return text.replace("\u202f", "\u00a0")


@pass_context
def day(context: Context, value: Any) -> str:
    """Return a day such as “Nov 29, 2026” in the page's time zone. A date without a time stays as it is."""
    if value is None:
        return NONE
    at = _time(value)
    return _day(at.date() if at.tzinfo is None else at.astimezone(_zone(context)).date())


@lru_cache(maxsize=REMEMBERED)
def _day(value: date) -> str:
    return str(format_date(value, "medium", locale=LOCALE))


@pass_context
def clock(context: Context, value: Any) -> str:
    """Return a time of day such as “10:02:07” in the page's time zone."""
    return _time(value).astimezone(_zone(context)).strftime("%H:%M:%S")


def ago(value: Any, now: datetime) -> str:
    """Return how long before ``now`` something happened, such as “3 minutes ago”."""
    return format_timedelta(_time(value) - now, add_direction=True, locale=LOCALE)


def words(value: Any) -> str:
    """Return a code such as IN_REVIEW as words: “In review”. Abbreviations and companies have their own spelling."""
    if value is None:
        return NONE
    if value in COMPANIES:
        return COMPANIES[value]
    text = str(value).replace("_", " ").capitalize()
    return text.upper() if text.upper() in ABBREVIATIONS else text


def label(code: str) -> str:
    """Return a part of what a draft changes, as the page of its target calls it."""
    return LABELS.get(code) or words(code)


def sentence(message: str) -> str:
    """Return an error of the API as a sentence of a page: fields become words.

    “sellingPrice must …” becomes “Selling price must …”, and “Invalid zones.0.bands.0.price 'x'” “Invalid price 'x'”.
    """
    for programs, people in PLAIN.items():
        message = message.replace(programs, people)
    message = EMPTY.sub(r" is empty. Use 1 to \1 characters.", message)
    field = FIELD.match(message)
    if field is not None:
        words = _words_of(field[0])
        return words[0].upper() + words[1:] + message[field.end() :]
    return INVALID.sub(lambda found: f"Invalid {_words_of(found[1])}", message)


def _words_of(field: str) -> str:
    """Return the last part of a field's path as words."""
    name = field.rpartition(".")[2]
    return FIELDS.get(name, HUMP.sub(" ", name).lower())


def author(written_by: str) -> str:
    """Return who wrote a text: “you”, “the built-in writer”, or a model's name."""
    return {"merchant": "you", "house": "the built-in writer", "studio": "the photo studio"}.get(written_by, written_by)


def month(value: str) -> str:
    """Return a month such as 2026-11 as “November 2026”."""
    return str(format_date(datetime.fromisoformat(f"{value}-01"), "MMMM y", locale=LOCALE))


def svg_address(svg: str) -> str:
    """Return a drawing as an address for ``img``, where it can run nothing."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def duration(seconds: int) -> str:
    """Return a length of time such as “about 2 minutes”."""
    return f"about {format_timedelta(timedelta(seconds=seconds), locale=LOCALE, threshold=1.5)}"


def _time(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))


def _zone(context: Context) -> ZoneInfo:
    visit = context["visit"]
    visit.shows_times = True
    return ZoneInfo(visit.zone)


FILTERS = {
    "ago": ago,
    "author": author,
    "clock": clock,
    "countries": countries,
    "country": country,
    "day": day,
    "duration": duration,
    "label": label,
    "moment": moment,
    "month": month,
    "money": money,
    "number": number,
    "percent": percent,
    "sentence": sentence,
    "svg_address": svg_address,
    "words": words,
}
