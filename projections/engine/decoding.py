"""Decodes records of the log for folding, several times faster than the event classes do.

Every event class has a mirror: a msgspec struct with the same fields, generated from the class. Mirrors check types,
enumerations and surplus fields; patterns and lengths were checked when the event was written. Folds only read
attributes, so a fold takes either form.

Ids are of asyncpg's class, as those of loaded rows are. It is a ``UUID`` whose hash, comparison and bytes are computed in C:
a fold looks rows up a dozen times for an event.
"""

import operator
import re
import types
import typing
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import cache, lru_cache, reduce
from operator import or_
from typing import Annotated, Any, NewType
from uuid import UUID

import msgspec
from asyncpg.pgproto import pgproto
from pydantic import AwareDatetime, BaseModel, JsonValue

from domain.kernel import DomainEvent
from schemas.envelope import RawEvent
from schemas.headers import Headers, kind_in
from schemas.records import Record
from schemas.registry import EVENTS, UndecodableEvent, decode

DecodedEvent = tuple[Any, UUID]
"""An event, as its class or that class's mirror, and its tenant."""

Json = NewType("Json", str)
"""A JSON document as text; its column is ``jsonb``. Connections must not have a jsonb codec."""

_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


_from_text = operator.call
"""Makes the only kind of value that msgspec does not know, an id, from its class and its text; without a frame of Python."""


@cache
def mirror_of(model: type[BaseModel]) -> type[msgspec.Struct]:
    """Return the struct with the fields of a pydantic model."""
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for name, info in model.model_fields.items():
        hint = _mirrored(info.annotation)
        if info.is_required():
            fields.append((name, hint))
        else:
            fields.append((name, hint, _default(info.get_default(call_default_factory=True, validated_data={}), hint)))
    return msgspec.defstruct(
        model.__name__,
        fields,
        module=model.__module__,
        namespace={"wire_name": model.wire_name} if issubclass(model, DomainEvent) else {},
        kw_only=True,
        forbid_unknown_fields=True,
        # A model that leaves a field out of its JSON while it has its default: bodies of earlier releases stay as they are.
        omit_defaults=any(info.exclude_if is not None for info in model.model_fields.values()),
        gc=False,
    )


def _default(value: Any, hint: Any) -> Any:
    plain = msgspec.to_builtins(value, enc_hook=_dumped)
    if isinstance(plain, list | dict):
        return msgspec.field(default_factory=lambda: msgspec.convert(plain, hint, dec_hook=_from_text))
    return value


def _mirrored(hint: Any) -> Any:
    if hint is AwareDatetime:
        return Annotated[datetime, msgspec.Meta(tz=True)]
    if hint is JsonValue:
        return Any
    if hint is UUID:
        return pgproto.UUID
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return _mirrored(arguments[0])
    if origin in {types.UnionType, typing.Union}:
        return reduce(or_, map(_mirrored, arguments))
    if origin is not None:
        return origin[tuple(map(_mirrored, arguments))]
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return mirror_of(hint)
    return hint


def mirror_decoder(event: type[DomainEvent]) -> Callable[[bytes], Any]:
    """Return a function that decodes a body into the event's mirror."""
    return msgspec.json.Decoder(mirror_of(event), dec_hook=_from_text).decode


def _dumped(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


_json = msgspec.json.Encoder(enc_hook=_dumped)


def as_json(value: object) -> Json:
    """Return a value as a JSON document; models and mirrors may be inside it."""
    return Json(_json.encode(value).decode())


class EventDecoder:
    """Decodes the kinds of event that a read model handles, and skips the others undecoded."""

    def __init__(self, handled: Collection[type[DomainEvent]]) -> None:
        self._handled = frozenset(handled)
        self._decoders: Mapping[bytes, Callable[[bytes], Any]] = {
            event.wire_name.encode(): mirror_decoder(event) for event in handled
        }
        self._passed_over = frozenset(name.encode() for name in EVENTS) - frozenset(self._decoders)
        self._places = 0, 0
        """The header indexes of type and tenant in the last record; most likely the same in the next."""

    def decode_record(self, headers: Headers, value: bytes | None) -> DecodedEvent | None:
        """Decode a Kafka record; None if its kind is not handled.

        Raises:
            UnknownEvent, UndecodableEvent: the record can never be decoded; park it.
        """
        try:
            (first, type_), (second, tenant) = headers[self._places[0]], headers[self._places[1]]
            if first != "ce_type" or second != "ce_tenant":
                type_, tenant = self._find(headers)
        except IndexError:
            type_, tenant = self._find(headers)
        return self._read(type_ or b"", value, tenant or b"")

    def decode_bulk(self, record: Record) -> DecodedEvent | None:
        """Decode a record that was read in bulk; otherwise like :meth:`decode_record`."""
        if record.type in self._passed_over:
            return None
        return self._decode(record.type, record.value, _as_of_rows(record.tenant))

    def _find(self, headers: Headers) -> tuple[bytes | None, bytes | None]:
        names = [name for name, _ in headers]
        if "ce_type" not in names or "ce_tenant" not in names:
            kind = kind_in(headers) or "a record without ce_type"
            raise UndecodableEvent(kind, "the envelope lacks the header ce_type or ce_tenant")
        self._places = names.index("ce_type"), names.index("ce_tenant")
        return headers[self._places[0]][1], headers[self._places[1]][1]

    def decode_stored(self, raw: RawEvent) -> DecodedEvent | None:
        """Decode a stored event; None if its kind is not handled.

        Raises:
            UnknownEvent, UndecodableEvent: the event can never be decoded.
        """
        type_ = raw.type.encode()
        return None if type_ in self._passed_over else self._decode(type_, raw.data, _as_of_rows(raw.tenant))

    def _read(self, type_: bytes, value: bytes | None, tenant: bytes) -> DecodedEvent | None:
        if type_ in self._passed_over:
            return None
        if value is None:
            raise UndecodableEvent(_text(type_), "the record has no value")
        try:
            tenant_id = _uuid(tenant)
        except ValueError as error:
            raise UndecodableEvent(_text(type_), f"its tenant {tenant[:80]!r} is not an id") from error
        return self._decode(type_, value, tenant_id)

    def _decode(self, type_: bytes, body: bytes, tenant: UUID) -> DecodedEvent | None:
        # Most bodies have no backslash, and one byte is found much faster than six.
        if b"\\" in body and b"\\u0000" in body:
            # PostgreSQL's text cannot hold a NUL; people see the replacement character.
            body = _NUL.sub(rb"\1\\ufffd", body)
        decoder = self._decoders.get(type_)
        if decoder is None:
            # The registry upcasts an old version, and raises UnknownEvent for an unknown kind.
            event = decode(_text(type_), body)
            return (event, tenant) if type(event) in self._handled else None
        try:
            return decoder(body), tenant
        except (msgspec.MsgspecError, ValueError) as error:
            raise UndecodableEvent(_text(type_), str(error)) from error


def _text(type_: bytes) -> str:
    return type_.decode(errors="replace")


@lru_cache(maxsize=65_536)
def _as_of_rows(id: UUID) -> UUID:
    same: UUID = pgproto.UUID(id.bytes)
    return same


@lru_cache(maxsize=65_536)
def _uuid(text: bytes) -> UUID:
    id: UUID = pgproto.UUID(text.decode())
    return id
