"""What resolvers are given: who asks, and one consistent way to read."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import strawberry
from strawberry.fastapi import BaseContext

from gateway.api.command_request import CONSISTENCY_HEADER, Caller, GatewayServices, Request, RequestKey, wait_for
from gateway.auth.errors import Unauthenticated
from gateway.graphql.as_of import AsOfInput, past_readings
from gateway.graphql.loaders import Loaders
from gateway.ports import GatewayDependencies
from projections.reading.paging import Reader
from projections.reading.scope import MerchantScope


class RequestContext(BaseContext):
    """The context of one HTTP request, or of one WebSocket connection with all its operations."""

    def __init__(self, gateway: GatewayServices, caller: Caller) -> None:
        super().__init__()
        self.gateway = gateway
        self.caller = caller
        self.connection_params: Any = None

    @property
    def deps(self) -> GatewayDependencies:
        return self.gateway.deps

    async def merchant(self) -> UUID:
        """Return who is logged in.

        Raises:
            Unauthenticated: nobody is, or the session was ended.
        """
        return await self.gateway.sessions.merchant(self._caller().authorization)

    async def check_session(self) -> None:
        """Check that the session of a long operation goes on; its access token may expire meanwhile.

        Raises:
            Unauthenticated: the session was ended.
        """
        await self.gateway.sessions.check(self._caller().authorization)

    def merchant_or_none(self) -> UUID | None:
        """Return whose limits apply; None for anonymous callers and for tokens that are not valid."""
        try:
            return self.gateway.sessions.token_owner(self._caller().authorization)
        except Unauthenticated:
            return None

    @property
    def has_credentials(self) -> bool:
        """Whether the caller sent credentials, valid or not."""
        return self._caller().authorization is not None

    async def reading(self, consistency_token: str | None = None) -> "Reading":
        """Return what a root field and everything below it reads through, once the read models are fresh enough.

        Args:
            consistency_token: the field's own argument; the request's header counts as well.

        Raises:
            Unauthenticated: nobody is logged in.
            Stale: the read models did not get there in time.
            InvalidInput: that is no token.
        """
        merchant_id = await self.merchant()
        await wait_for(self.deps, consistency_token, self._caller().consistency)
        return self.reading_now(merchant_id)

    async def past(self, reading: "Reading", store_id: UUID, as_of: AsOfInput) -> "Reading":
        """Return what reads a store as of an earlier place in the log, until the operation is answered.

        Args:
            reading: of the present; whose it is stays the same.
            store_id: a store that belongs to the merchant now.
            as_of: the place.

        Raises:
            InvalidInput: that is no place, or one in the future.
        """
        db = await past_readings().open(self.deps.travel, store_id, as_of.parse())
        return Reading(db=db, merchant_id=reading.merchant_id, deps=self.deps)

    def reading_now(self, merchant_id: UUID) -> "Reading":
        """Return a reading without waiting."""
        return Reading(db=self.deps.reader, merchant_id=merchant_id, deps=self.deps)

    async def begin(self, command_id: UUID | None) -> Request:
        """Start a change in the merchant's name.

        Raises:
            Unauthenticated: nobody is logged in.
        """
        key = None if command_id is None else RequestKey("commandId", str(command_id))
        merchant_id = await self.merchant()
        return Request.begin(self.gateway, merchant_id, key, traceparent=self.caller.traceparent)

    def _caller(self) -> Caller:
        """Return the caller; browsers cannot set headers on a WebSocket, so its first message may carry them."""
        params = self.connection_params
        if not isinstance(params, dict):
            return self.caller
        lowered = {str(name).lower(): value for name, value in params.items() if isinstance(value, str)}
        return Caller(
            address=self.caller.address,
            request_id=self.caller.request_id,
            authorization=lowered.get("authorization", self.caller.authorization),
            consistency=lowered.get(CONSISTENCY_HEADER, self.caller.consistency),
            traceparent=self.caller.traceparent,
        )


Info = strawberry.Info[RequestContext, None]


@dataclass(slots=True, kw_only=True)
class Reading:
    """One merchant's view of the read models, shared by a root field and all that hangs below it.

    Everything nested reads through its parent's reading: below a field that was asked ``asOf`` all is as of then.
    """

    db: Reader
    merchant_id: UUID
    deps: GatewayDependencies
    scope: MerchantScope = field(init=False)
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.scope = MerchantScope(self.merchant_id)
        self.loaders = Loaders(self.db, self.scope, self.deps.personal)


__all__ = ["Info", "Reading", "RequestContext", "Unauthenticated"]
