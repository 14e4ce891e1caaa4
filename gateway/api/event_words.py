"""What people read about each event of the log, from ``event_words.toml``: the only place that has these words."""

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from domain.generation.events import Step
from domain.mail.events import MailRefused, MailSent
from gateway.api.order_timeline import words_of_order
from gateway.code_names import company_name, mail_name
from schemas.envelope import RawEvent
from schemas.registry import UndecodableEvent, UnknownEvent

FILE = Path(__file__).with_suffix(".toml")
STEPS = {
    Step.BRAND: "Brand",
    Step.SCOUT: "Products",
    Step.COPY: "Texts",
    Step.IMAGES: "Photos",
    Step.PAGES: "Pages",
}


class EventSource(StrEnum):
    """Who caused an event."""

    PERSON = "PERSON"
    """A person of the store's team, in a browser or by an API key."""
    AGENT = "AGENT"
    """An agent of a generation, or the studio."""
    SHOPPER = "SHOPPER"
    PAYMENTS = "PAYMENTS"
    """The payment provider, for itself or for a bank."""
    SUPPLIER = "SUPPLIER"
    PLATFORM = "PLATFORM"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventWords:
    """The words of a type of event."""

    title: str
    message: str
    """One sentence."""
    by: EventSource
    """Who causes such an event, if no person's request did."""
    detail: str = ""
    """The event's field that says more than the sentence."""
    name: str = ""
    """The event's field that names what it is about. Empty if only its stream does."""
    quiet: bool = False
    """Whether it is bookkeeping beside another event."""


@cache
def event_words() -> Mapping[str, EventWords]:
    """Return the words of every type, by its wire name without the version."""
    kinds = TypeAdapter(dict[str, dict[str, EventWords]]).validate_python(tomllib.loads(FILE.read_text("utf-8")))
    return {f"{kind}.{name}": words for kind, types in kinds.items() for name, words in types.items()}


def words_of(wire_name: str) -> EventWords:
    """Return the words of a type. Types of other releases have their name's words only."""
    known = event_words().get(wire_name.rpartition(".")[0])
    if known is not None:
        return known
    name = wire_name.split(".")[1] if "." in wire_name else wire_name
    return EventWords(title=name.replace("_", " ").capitalize(), message="", by=EventSource.PLATFORM)


def title_and_message(raw: RawEvent) -> tuple[str, str]:
    """Return the title of an event, and one sentence that says what happened this time."""
    words = words_of(raw.type)
    title, message = words.title, words.message
    if "{" not in title and not words.detail and not raw.type.startswith("order."):
        return title, message
    # An event of a newer release has no fields that are known here.
    with suppress(UndecodableEvent, UnknownEvent):
        event: Any = raw.decode().event
        if raw.type.startswith("order."):
            return title, words_of_order(event)[1]
        if "{" in title:
            title = title.format(
                step=STEPS[event.step], done=getattr(event, "done", 0), total=getattr(event, "total", 0)
            )
        said = getattr(event, words.detail, "") if words.detail else ""
        return title, f"{said[0].upper()}{said[1:].rstrip('.')}." if said else message
    return title.replace("{step}: ", "").replace("{done} of {total}", "A step went on").capitalize(), message


def name_in(raw: RawEvent) -> str | None:
    """Return the name of what an event is about, if the event has it: a page's title, a domain, a kind of mail.

    It is never personal data.
    """
    field = words_of(raw.type).name
    if not field:
        return None
    with suppress(UndecodableEvent, UnknownEvent):
        value: str | None = getattr(raw.decode().event, field, None)
        spelled = {"kind": mail_name, "provider": company_name}.get(field)
        return value if value is None or spelled is None else spelled(value)
    return None


def order_of_mail(raw: RawEvent) -> UUID | None:
    """Return the order that a sent or refused mail is about. None if it is about none, and for other events."""
    if raw.type.startswith("mail."):
        with suppress(UndecodableEvent, UnknownEvent):
            event = raw.decode().event
            return event.order_id if isinstance(event, MailSent | MailRefused) else None
    return None
