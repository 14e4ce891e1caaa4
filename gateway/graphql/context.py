"""Contexts of resolvers: the request, and the read context that fields share."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import strawberry
from strawberry.fastapi import BaseContext

from gateway.api.command_request import (
    CONSISTENCY_HEADER,
    CommandRequest,
    GatewayServices,
    RequestInfo,
    RequestKey,
    wait_for,
)
from gateway.auth.errors import Unauthenticated
from gateway.graphql.as_of import AsOfInput, past_readings
from gateway.graphql.loaders import Loaders
from gateway.ports import GatewayDependencies
from projections.reading.paging import Reader
from projections.reading.scope import MerchantScope


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
            Unauthenticated: the access token is missing or invalid, or its session has ended.
        """
        return await self.services.sessions.merchant(self._request_info().authorization)

    async def check_session(self) -> None:
        """Check that the session of a long operation is live. Its access token may expire during the operation.

        Raises:
            Unauthenticated: the session has ended.
        """
        await self.services.sessions.check(self._request_info().authorization)

    def merchant_or_none(self) -> UUID | None:
        """Return the merchant whose limits apply. None if the access token is missing or invalid."""
        try:
            return self.services.sessions.token_owner(self._request_info().authorization)
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
        merchant_id = await self.merchant()
        await wait_for(self.deps, consistency_token, self._request_info().consistency)
        return self.reading_now(merchant_id)

    async def past(self, reading: "ReadContext", store_id: UUID, as_of: AsOfInput) -> "ReadContext":
        """Return a read context for a store as of an earlier position. It lasts until the operation is answered.

        Args:
            reading: the context of the present; the merchant stays the same.
            store_id: a store that belongs to the merchant now.
            as_of: the position or time.

        Raises:
            InvalidInput: the position is invalid or in the future.
        """
        db, position = await past_readings().open(self.deps.travel, store_id, as_of.parse())
        return ReadContext(db=db, merchant_id=reading.merchant_id, deps=self.deps, position=position)

    def reading_now(self, merchant_id: UUID) -> "ReadContext":
        """Return a read context without waiting."""
        return ReadContext(db=self.deps.reader, merchant_id=merchant_id, deps=self.deps)

    async def begin(self, command_id: UUID | None) -> CommandRequest:
        """Start the merchant's request to change something.

        Raises:
            Unauthenticated: the caller is not logged in.
        """
        key = None if command_id is None else RequestKey("commandId", str(command_id))
        merchant_id = await self.merchant()
        return CommandRequest.begin(self.services, merchant_id, key, traceparent=self.request_info.traceparent)

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
        )


Info = strawberry.Info[RequestContext, None]


@dataclass(slots=True, kw_only=True)
class ReadContext:
    """One merchant's access to the read models, shared by a root field and all fields below it.

    Fields read through their parent's context. All fields below one with ``asOf`` therefore read the same position.
    """

    db: Reader
    merchant_id: UUID
    deps: GatewayDependencies
    position: int | None = None
    """The position in the log that is read; None for the present."""
    scope: MerchantScope = field(init=False)
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.scope = MerchantScope(self.merchant_id)
        self.loaders = Loaders(self.db, self.scope, self.deps.personal, self.deps.history)


__all__ = ["Info", "ReadContext", "RequestContext", "Unauthenticated"]
