"""Events and records for tests of consumers."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from domain.kernel import DomainEvent
from domain.merchant.events import SupplierConnected, SupplierProvider
from domain.product.events import ProductActivated, ProductArchived
from schemas.envelope import GENESIS, RawEvent, chain_hash
from schemas.headers import Headers
from schemas.record_columns import Outgoing
from schemas.records import content_of, parts_of
from schemas.registry import encode

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_positions = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeRecord:
    """A Kafka record without a broker."""

    topic: str = "zyenta.events"
    partition: int = 0
    offset: int = 0
    key: bytes | None = None
    value: bytes | None = None
    headers: Headers = ()


def activated(product_id: UUID, version: int = 1) -> ProductActivated:
    return ProductActivated(originator_id=product_id, originator_version=version, occurred_at=AT)


def archived(product_id: UUID, version: int = 1) -> ProductArchived:
    return ProductArchived(originator_id=product_id, originator_version=version, occurred_at=AT)


def connected(merchant_id: UUID, version: int = 1) -> SupplierConnected:
    return SupplierConnected(
        originator_id=merchant_id, originator_version=version, occurred_at=AT, provider=SupplierProvider.SAMPLE
    )


def raw(event: DomainEvent, *, tenant: UUID, **envelope: Any) -> RawEvent:
    """Return an event as the store holds it, at the next position. Arguments replace parts of its envelope."""
    id, data = uuid4(), encode(event)
    stream, version = event.originator_id, event.originator_version
    made: dict[str, Any] = {
        "position": next(_positions),
        "id": id,
        "type": event.wire_name,
        "stream_id": stream,
        "version": version,
        "tenant": tenant,
        "correlation_id": id,
        "causation_id": None,
        "recorded_at": AT,
        "traceparent": None,
        "data": data,
        "previous_hash": GENESIS,
        "hash": chain_hash(GENESIS, id=id, type=event.wire_name, stream_id=stream, version=version, data=data),
    }
    return RawEvent(**made | envelope)


def record(event: DomainEvent, *, tenant: UUID | None = None, offset: int = 0, partition: int = 0) -> FakeRecord:
    """Return an event as the topic holds it."""
    return record_of(raw(event, tenant=tenant or event.originator_id), offset=offset, partition=partition)


def record_of(stored: RawEvent, *, offset: int = 0, partition: int = 0) -> FakeRecord:
    """Return a stored event as the topic holds it."""
    return FakeRecord(
        partition=partition,
        offset=offset,
        key=str(stored.tenant).encode(),
        value=stored.data,
        headers=headers_of(stored),
    )


def outgoing(stored: RawEvent) -> Outgoing:
    """Return a stored event as the publisher gets it from PostgreSQL."""
    tenant, stream = (str(id).encode() for id in (stored.tenant, stored.stream_id))
    return Outgoing(stored.type, tenant, stream, int(stored.recorded_at.timestamp() * 1000), content_of(stored))


def without_value(headers: Headers, *names: str) -> list[tuple[str, bytes | None]]:
    """Return headers of which some have no value, as Kafka allows."""
    return [(name, None if name in names else value) for name, value in headers]


def headers_of(raw: RawEvent) -> list[tuple[str, bytes]]:
    """Return an event's headers, as the publisher writes them."""
    _, _, headers = parts_of(content_of(raw))
    return headers
