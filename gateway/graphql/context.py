"""Contexts of resolvers: the request, and the read context that fields share."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.fastapi import BaseContext

from domain.kernel import NotFound
from domain.team.errors import RoleTooWeak
from domain.team.permissions import permissions
from domain.team.roles import KeyScope, Role
from gateway.api.command_request import (
    CONSISTENCY_HEADER,
    CommandRequest,
    GatewayServices,
    RequestInfo,
    RequestKey,
    wait_for,
)
from gateway.auth.errors import Unauthenticated
from gateway.auth.tokens import Identity
from gateway.auth.visitor import Visitor
from gateway.graphql.as_of import AsOfInput, past_readings
from gateway.graphql.loaders import Loaders
from gateway.ports import GatewayDependencies
from projections.reading.paging import Reader
from projections.reading.scope import MerchantScope
from projections.reading.time_travel import AsOf


class RequestContext(BaseContext):
    """The context of one HTTP request, or of one WebSocket connection with all its operations."""

    def __init__(self, services: GatewayServices, request_info: RequestInfo) -> None:
        super().__init__()
        self.services = services
        self.request_info = request_info
        self.connection_params: Any = None

    @property
    def deps(self) -> GatewayDependencies:
        return self.services.deps

    async def merchant(self) -> UUID:
        """Return the logged-in merchant.

        Raises:
            Unauthenticated: see :meth:`visitor`.
        """
        return (await self.visitor()).person_id

    async def visitor(self) -> Visitor:
        """Return the person behind the request.

        Raises:
            Unauthenticated: the credential is missing or invalid, or its session has ended.
        """
        return await self.services.sessions.visitor(self._request_info().authorization)

    async def account(self) -> Identity:
        """Return the logged-in person: the account itself, never one that it may act for.

        Raises:
            Unauthenticated: the access token is missing or invalid, or its session has ended.
        """
        return await self.services.sessions.identity(self._request_info().authorization)

    async def check_access(self, store_id: UUID, owner_id: UUID) -> "ReadContext":
        """Return a read context for a long operation about a store, whose credential and role are checked again.

        Raises:
            Unauthenticated: the access token has expired, or the session has ended.
            NotFound: the person has no role in the store any more.
        """
        visitor = await self.visitor()
        if visitor.role_in(store_id, owner_id) is None:
            raise NotFound("store", store_id)
        return self.reading_now(visitor)

    def merchant_or_none(self) -> UUID | None:
        """Return the merchant whose limits apply. None if the access token is missing or invalid."""
        try:
            return self.services.sessions.token_owner(self._request_info().authorization)
        except Unauthenticated:
            return None

    def key_scopes(self) -> frozenset[KeyScope] | None:
        """Return the scopes of the caller's API key. None without a valid key."""
        try:
            return self.services.sessions.key_scopes(self._request_info().authorization)
        except Unauthenticated:
            return None

    @property
    def has_credentials(self) -> bool:
        """Whether the caller sent credentials, valid or not."""
        return self._request_info().authorization is not None

    async def reading(self, consistency_token: str | None = None) -> "ReadContext":
        """Return the read context for a root field, once the read models have reached all tokens.

        Args:
            consistency_token: the field's own argument. The request's header counts too.

        Raises:
            Unauthenticated: the caller is not logged in.
            Stale: the read models did not reach a token in time.
            InvalidInput: a token is invalid.
        """
        visitor = await self.visitor()
        await wait_for(self.deps, consistency_token, self._request_info().consistency)
        return self.reading_now(visitor)

    async def past(self, reading: "ReadContext", store_id: UUID, as_of: AsOfInput) -> "ReadContext":
        """Return a read context for a store as of an earlier position. It lasts until the operation is answered.

        Args:
            reading: the context of the present; the merchant stays the same.
            store_id: a store that belongs to the merchant now.
            as_of: the position or time.

        Raises:
            InvalidInput: the position is invalid or in the future.
        """
        at = as_of.parse()
        past, position = await past_readings().open(self.deps.travel, store_id, at)
        time = at.time or past.at
        return ReadContext(db=past.reader, visitor=reading.visitor, deps=self.deps, position=position, past_time=time)

    def reading_now(self, visitor: Visitor) -> "ReadContext":
        """Return a read context without waiting."""
        return ReadContext(db=self.deps.reader, visitor=visitor, deps=self.deps)

    async def begin(self, command_id: UUID | None) -> CommandRequest:
        """Start the merchant's request to change something.

        Raises:
            Unauthenticated: the caller is not logged in.
        """
        key = None if command_id is None else RequestKey("commandId", str(command_id))
        visitor = await self.visitor()
        return CommandRequest.begin(self.services, visitor, key, traceparent=self.request_info.traceparent)

    def _request_info(self) -> RequestInfo:
        """Return the request info with the headers of ``connection_init``: browsers cannot set headers on a WebSocket."""
        params = self.connection_params
        if not isinstance(params, dict):
            return self.request_info
        lowered = {str(name).lower(): value for name, value in params.items() if isinstance(value, str)}
        return RequestInfo(
            address=self.request_info.address,
            authorization=lowered.get("authorization", self.request_info.authorization),
            consistency=lowered.get(CONSISTENCY_HEADER, self.request_info.consistency),
            traceparent=self.request_info.traceparent,
            user_agent=self.request_info.user_agent,
        )


class OneRequestContext(RequestContext):
    """The context of one request. Its credential is read once, which a long connection must not rely on."""

    def __init__(self, services: GatewayServices, request_info: RequestInfo) -> None:
        super().__init__(services, request_info)
        self._caller = services.sessions.caller(request_info.authorization)

    def merchant_or_none(self) -> UUID | None:
        return self._caller.person_id

    def key_scopes(self) -> frozenset[KeyScope] | None:
        return self._caller.scopes

    async def visitor(self) -> Visitor:
        identity = self._caller.identity
        return await (super().visitor() if identity is None else self.services.sessions.visitor_of(identity))


Info = strawberry.Info[RequestContext, None]


@dataclass(slots=True, kw_only=True)
class ReadContext:
    """One person's access to the read models, shared by a root field and all fields below it.

    Fields read through their parent's context. All fields below one with ``asOf`` therefore read the same position.
    """

    db: Reader
    visitor: Visitor
    deps: GatewayDependencies
    position: int | None = None
    """The position in the log that is read; None for the present."""
    past_time: datetime | None = None
    """The time of that position."""
    scope: MerchantScope = field(init=False)
    loaders: Loaders = field(init=False)

    @property
    def merchant_id(self) -> UUID:
        """The person."""
        return self.visitor.person_id

    @property
    def now(self) -> datetime:
        """The time that is read: of the position, or the present."""
        return self.past_time or self.deps.clock.now()

    async def past_of(self, tenant: UUID) -> Reader:
        """Return the database for another tenant's rows, such as its merchant's, as of the same position."""
        if self.position is None:
            return self.db
        past, _ = await past_readings().open(self.deps.travel, tenant, AsOf(position=self.position))
        return past.reader

    def last_before(self, position: int | None) -> int | None:
        """Return the position before which a page of events ends, so that nothing later than this context is in it."""
        if self.position is None:
            return position
        return self.position + 1 if position is None else min(position, self.position + 1)

    def require(self, field: str, store_id: UUID, owner_id: UUID) -> None:
        """Refuse a field of a store that needs a stronger role than the person has.

        Args:
            field: such as ``Store.invitations``.
            store_id: the store.
            owner_id: its owner.

        Raises:
            RoleTooWeak: retrying cannot help.
        """
        needed = permissions().field(*field.split(".")).role
        role = self.visitor.role_in(store_id, owner_id) or Role.VIEWER
        if not role.covers(needed):
            raise RoleTooWeak(role, needed)

    def __post_init__(self) -> None:
        self.scope = self.visitor.scope
        self.loaders = Loaders(
            self.db,
            self.scope,
            self.deps.personal,
            self.deps.history,
            present=self.deps.reader,
            now=lambda: self.now,
            position=self.position,
        )


__all__ = ["Info", "ReadContext", "RequestContext", "Unauthenticated"]
