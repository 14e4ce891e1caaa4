"""The event reference for people, and the AsyncAPI document and JSON Schemas for programs, made from the code."""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby

from fastapi import APIRouter
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, JSONResponse, Response

from domain.kernel import DomainEvent, NotFound
from gateway.docs.rendering import marked
from schemas.contracts.asyncapi import HEADERS, OPTIONAL_HEADERS, as_yaml, document
from schemas.contracts.json_schemas import JsonSchema, json_schema, shared_schemas
from schemas.contracts.meanings import meaning_of
from schemas.contracts.sampling import sample_of
from schemas.registry import EVENTS
from schemas.topics import TOPICS
from schemas.upcasters import UPCASTERS

FRESH = {"cache-control": "public, max-age=300"}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an event or a type, for the page."""

    name: str
    kind: Markup
    meaning: Markup
    note: str = ""
    """A remark, such as ``optional``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A type of fields: an object with fields, or an enumeration with values."""

    name: str
    meaning: Markup
    fields: Sequence[Field] = ()
    values: Sequence[tuple[str, Markup]] = ()

    @property
    def has_explained_values(self) -> bool:
        """Whether at least one value has an explanation."""
        return any(meaning for _, meaning in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of the reference."""

    name: str
    wire_name: str
    older: Sequence[str]
    """Wire names of older versions, which are upcast to this one."""
    meaning: Markup
    fields: Sequence[Field]
    sample: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The events of one kind of stream."""

    name: str
    meaning: Markup
    events: Sequence[Event]


@router.get("/events")
async def events() -> HTMLResponse:
    """Return the page with every event: its meaning, its fields and a sample."""
    return HTMLResponse(_page(), headers=FRESH)


@router.get("/events/catalog.css")
async def style() -> Response:
    """Return the page's stylesheet."""
    return Response(_style(), media_type="text/css; charset=utf-8", headers=FRESH)


@router.get("/events/{wire_name}.json")
async def schema(wire_name: str) -> JSONResponse:
    """Return an event's JSON Schema."""
    event = EVENTS.get(wire_name)
    if event is None:
        raise NotFound("event", wire_name[:64])
    return JSONResponse(json_schema(event), media_type="application/schema+json", headers=FRESH)


@router.get("/asyncapi.yaml")
async def asyncapi() -> Response:
    """Return the log's AsyncAPI document."""
    return Response(_asyncapi(), media_type="application/yaml; charset=utf-8", headers=FRESH)


@cache
def _asyncapi() -> str:
    return as_yaml(document())


@cache
def _style() -> str:
    return resources.files("gateway").joinpath("docs", "events.css").read_text(encoding="utf-8")


@cache
def _page() -> str:
    environment = Environment(
        loader=PackageLoader("gateway", "docs"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shared = shared_schemas(EVENTS.values(), ref_template="#/{model}")
    names = {event.__name__ for event in EVENTS.values()}
    return environment.get_template("events.html").render(
        streams=list(_streams(shared)),
        kinds=[_kind(name, schema, shared) for name, schema in sorted(shared.items()) if name not in names],
        headers=[_header(name, schema) for name, schema in HEADERS.items()],
        common=[field for field in _fields(shared[min(names)], shared) if field.name in DomainEvent.model_fields],
        topics=TOPICS,
        count=len(EVENTS),
    )


def _streams(shared: Mapping[str, JsonSchema]) -> Iterator[Stream]:
    for name, members in groupby(EVENTS.items(), key=lambda item: item[0].partition(".")[0]):
        entries = list(members)
        module = sys.modules[entries[0][1].__module__]
        yield Stream(
            name=name,
            meaning=_prose(_OF_STREAM.get(name, module.__doc__ or "")),
            events=[_event(wire_name, event, shared) for wire_name, event in entries],
        )


_OF_STREAM = {
    "slug": "The store of each storefront address.",
    "inbox": "Webhooks of outside systems, with their original text.",
}
"""Meanings of streams whose module's docstring is about another stream."""


def _event(wire_name: str, event: type[DomainEvent], shared: Mapping[str, JsonSchema]) -> Event:
    return Event(
        name=event.__name__,
        wire_name=wire_name,
        older=[old for old, upcaster in UPCASTERS.items() if upcaster.to == wire_name],
        meaning=_prose(meaning_of(event)),
        fields=[
            field for field in _fields(shared[event.__name__], shared) if field.name not in DomainEvent.model_fields
        ],
        sample=json.dumps(sample_of(event), indent=2, ensure_ascii=False),
    )


def _kind(name: str, schema: JsonSchema, shared: Mapping[str, JsonSchema]) -> Kind:
    explanations = schema.get("x-enumDescriptions", {})
    return Kind(
        name=name,
        meaning=_prose(schema.get("description", "")),
        fields=list(_fields(schema, shared)) if "properties" in schema else (),
        values=[(str(value), _prose(explanations.get(value, ""))) for value in schema.get("enum", ())],
    )


def _header(name: str, schema: JsonSchema) -> Field:
    note = "may be absent" if name in OPTIONAL_HEADERS else ""
    return Field(name=name, kind=_kind_of(schema), meaning=_prose(schema.get("description", "")), note=note)


def _fields(schema: JsonSchema, shared: Mapping[str, JsonSchema]) -> Iterator[Field]:
    required = set(schema.get("required", ()))
    for name, field in schema["properties"].items():
        default = field.get("default")
        note = "" if name in required else "optional"
        if note and isinstance(default, str | int | float):
            note = f"default {default}"
        meaning = field.get("description") or _first_sentence(_referred(field, shared).get("description", ""))
        yield Field(name=name, kind=_kind_of(field), meaning=_prose(meaning), note=note)


def _referred(schema: JsonSchema, shared: Mapping[str, JsonSchema]) -> JsonSchema:
    """Return the schema of a field's named type, whose meaning replaces a missing one. Empty if it has no named type."""
    for form in (schema, *schema.get("anyOf", ()), schema.get("items", {})):
        if "$ref" in form:
            return shared[form["$ref"].rpartition("/")[2]]
    return {}


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.:]) |\n", text, maxsplit=1)[0].rstrip(":")


def _kind_of(schema: JsonSchema) -> Markup:
    match schema:
        case {"$ref": reference}:
            name = escape(reference.rpartition("/")[2])
            return Markup('<a href="#{0}">{0}</a>').format(name)
        case {"anyOf": forms}:
            return Markup(" or ").join(_kind_of(form) for form in forms)
        case {"const": value}:
            return Markup("<code>{}</code>").format(value)
        case {"type": "array", "prefixItems": items}:
            return Markup("list of {}: {}").format(len(items), Markup(", ").join(_kind_of(item) for item in items))
        case {"type": "array", "items": items}:
            return Markup("list of {}").format(_kind_of(items))
        case {"type": "object", "additionalProperties": values}:
            return Markup("map of text to {}").format(_kind_of(values))
        case {"type": "string", "format": form}:
            return escape({"uuid": "UUID", "date-time": "instant"}.get(form, "text"))
        case {"type": "string", "pattern": pattern}:
            return Markup("text like <code>{}</code>").format(pattern)
        case _:
            kinds = {"string": "text", "integer": "integer", "number": "number", "boolean": "true or false"}
            return escape(kinds.get(schema.get("type", ""), schema.get("type", "anything")))


def _prose(text: str) -> Markup:
    """Convert a docstring to paragraphs. Text in backquotes becomes code."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n")]
    return Markup("").join(Markup("<p>{}</p>").format(marked(paragraph)) for paragraph in paragraphs if paragraph)
