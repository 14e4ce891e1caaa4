"""The export of an account: everything that the platform holds about a person, as JSON, with sealed values opened."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.privacy import PersonalData, Sealed
from domain.subscription.aggregate import subscription_of
from gateway.auth.visitor import Visitor
from gateway.ports import GatewayDependencies
from projections.catalog.queries import stores_of_merchant
from projections.reading.paging import Window
from projections.reading.scope import MerchantScope
from schemas.envelope import RawEvent

EVENTS_MOST = 10_000
"""The most events of one export, the newest first; the command line exports more."""
ERASED = "erased"
OF_ANOTHER = "sealed for another person"


async def export_of(deps: GatewayDependencies, visitor: Visitor) -> dict[str, Any]:
    """Return what the platform holds about a person.

    Events of the person's account and stores are included. Values that are sealed for other people, such as shoppers,
    are named and not opened.
    """
    person_id, now = visitor.person_id, deps.clock.now()
    account = await deps.accounts.by_id(person_id)
    sessions = await deps.refresh_tokens.open_sessions(person_id, at=now)
    passkeys = await deps.passkeys.of_merchant(person_id)
    keys = await deps.api_keys.of_person(person_id)
    store_ids = await _stores(deps, person_id)
    linked = await deps.sign_ins.of_merchant(person_id)
    totp = await deps.second_factors.totp(person_id)
    events = list(await deps.history.read_streams([person_id, subscription_of(person_id), *store_ids]))
    omitted = max(0, len(events) - EVENTS_MOST)
    return {
        "exportedAt": now.isoformat(),
        "account": None
        if account is None
        else {
            "id": str(person_id),
            "email": account.email,
            "name": account.name,
            "confirmed": account.claimed,
            "verifiedAt": None if account.verified_at is None else account.verified_at.isoformat(),
        },
        "sessions": [
            {"id": str(each.id), "beganAt": each.began_at.isoformat(), "device": each.device} for each in sessions
        ],
        "passkeys": [
            {
                "id": str(each.id),
                "name": each.name,
                "createdAt": each.created_at.isoformat(),
                "lastUsedAt": None if each.used_at is None else each.used_at.isoformat(),
            }
            for each in passkeys
        ],
        "signIns": [{"provider": each.provider, "linkedAt": each.linked_at.isoformat()} for each in linked],
        "secondFactor": {
            "authenticatorApp": totp is not None and totp.confirmed,
            "recoveryCodesLeft": await deps.second_factors.codes_left(person_id),
        },
        "apiKeys": [
            {
                "id": str(key.id),
                "name": key.name,
                "prefix": key.prefix,
                "scopes": sorted(key.scopes),
                "createdAt": key.created_at.isoformat(),
                "lastUsedAt": None if key.last_used_at is None else key.last_used_at.isoformat(),
            }
            for key in keys
        ],
        "stores": [str(id) for id in store_ids],
        "rolesInStoresOfOthers": {str(id): role for id, role in visitor.roles.items()},
        "olderEventsOmitted": omitted,
        "events": await _opened(events[omitted:], person_id, deps.personal),
    }


async def _stores(deps: GatewayDependencies, person_id: UUID) -> list[UUID]:
    found: list[UUID] = []
    cursor: str | None = None
    while True:
        window = Window(first=100, after=cursor)
        page = await stores_of_merchant(deps.reader, person_id, window, scope=MerchantScope(person_id))
        found += [store.id for store in page.nodes]
        if not page.has_next:
            return found
        cursor = page.edges[-1].cursor


async def _opened(events: Sequence[RawEvent], person_id: UUID, personal: PersonalData) -> list[dict[str, Any]]:
    bodies = [json.loads(event.data) for event in events]
    sealed: list[Sealed] = []
    for body in bodies:
        _collect(body, person_id, sealed)
    texts = await personal.open_many(sealed) if sealed else ()
    plain = dict(zip(sealed, texts, strict=True))
    return [
        {
            "at": event.recorded_at.isoformat(),
            "type": event.type,
            "subject": str(event.stream_id),
            "by": event.actor,
            "data": _shown(body, plain),
        }
        for event, body in zip(events, bodies, strict=True)
    ]


def _sealed_in(value: Any) -> Sealed | None:
    if isinstance(value, dict) and value.keys() == {"person_id", "ciphertext"}:
        return Sealed.model_validate(value)
    return None


def _collect(value: Any, person_id: UUID, found: list[Sealed]) -> None:
    sealed = _sealed_in(value)
    if sealed is not None:
        if sealed.person_id == person_id:
            found.append(sealed)
    elif isinstance(value, dict):
        for each in value.values():
            _collect(each, person_id, found)
    elif isinstance(value, list):
        for each in value:
            _collect(each, person_id, found)


def _shown(value: Any, plain: dict[Sealed, str | None]) -> Any:
    sealed = _sealed_in(value)
    if sealed is not None:
        return (plain[sealed] or ERASED) if sealed in plain else OF_ANOTHER
    if isinstance(value, dict):
        return {name: _shown(each, plain) for name, each in value.items()}
    if isinstance(value, list):
        return [_shown(each, plain) for each in value]
    return value
