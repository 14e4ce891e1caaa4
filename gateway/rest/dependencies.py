"""Dependencies of the endpoints: the merchant's context, the page of a list, and the response to a change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from starlette.responses import JSONResponse

from commands.ports import Receipt
from domain.kernel import InvalidInput
from domain.team.permissions import Permission
from domain.team.roles import KeyScope, Role
from gateway.api.command_request import (
    CONSISTENCY_HEADER,
    CommandRequest,
    GatewayServices,
    RequestKey,
    request_info,
    wait_for,
)
from gateway.api.validation import PlainInt
from gateway.auth.visitor import Visitor
from gateway.ports import GatewayDependencies
from projections.reading.paging import Reader, Window
from projections.reading.scope import MerchantScope

KEY_HEADER = "Idempotency-Key"
READING = Permission(Role.VIEWER, KeyScope.READ)
"""What a GET request needs."""
KEY_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantContext:
    """One request of a person."""

    services: GatewayServices
    visitor: Visitor
    key: str | None
    """The ``Idempotency-Key``. None if the client sent none."""
    traceparent: str | None

    @property
    def merchant_id(self) -> UUID:
        """The person."""
        return self.visitor.person_id

    @property
    def scope(self) -> MerchantScope:
        """The rows that the person sees."""
        return self.visitor.scope

    @property
    def db(self) -> Reader:
        """The read models."""
        return self.services.deps.reader

    @property
    def deps(self) -> GatewayDependencies:
        """The gateway's dependencies."""
        return self.services.deps

    def begin(self) -> CommandRequest:
        """Start a change. The ``Idempotency-Key`` makes a repeat harmless."""
        key = None if self.key is None else RequestKey(KEY_HEADER, self.key)
        return CommandRequest.begin(self.services, self.visitor, key, traceparent=self.traceparent)


async def merchant_context(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(description="A key that you choose for this request. A repeat with it changes nothing.")
    ] = None,
    x_consistency_token: Annotated[
        str | None, Header(description="The consistencyToken of a change. The request waits until it can be read.")
    ] = None,
    _authorization: Annotated[str | None, Header(alias="authorization", description="Bearer <access token>")] = None,
) -> MerchantContext:
    """Return the merchant's context, once the read models have reached the consistency token.

    Raises:
        Unauthenticated: the access token is missing or invalid, or its session has ended.
        InvalidInput: a header is invalid.
        Stale: the read models did not reach the token in time.
    """
    services: GatewayServices = request.app.state.gateway
    info = request_info(request, behind_proxy=services.deps.behind_proxy)
    visitor = await services.sessions.visitor(info.authorization)
    if request.method == "GET":
        # A change is checked when its command is sent.
        visitor.check_key(READING)
    check_key(idempotency_key)
    await wait_for(services.deps, x_consistency_token)
    return MerchantContext(services=services, visitor=visitor, key=idempotency_key, traceparent=info.traceparent)


def check_key(key: str | None) -> str | None:
    """Return an idempotency key.

    Raises:
        InvalidInput: the key is empty or too long.
    """
    if key is not None and not 0 < len(key) <= KEY_MAX:
        raise InvalidInput(KEY_HEADER, f"{KEY_HEADER} has {len(key)} characters. Use 1 to {KEY_MAX}.")
    return key


CurrentMerchant = Annotated[MerchantContext, Depends(merchant_context)]


async def window(
    first: Annotated[PlainInt | None, Query(description="Number of entries: 20 by default, 100 at most.")] = None,
    after: Annotated[str | None, Query(description="The endCursor of the previous page.")] = None,
) -> Window:
    """Return the requested page of a list."""
    return Window(first=first, after=after)


Page = Annotated[Window, Depends(window)]


def changed(
    receipt: Receipt, body: Mapping[str, Any], *, status: int = 202, location: str | None = None
) -> JSONResponse:
    """Return the response to a change: the body, and the token that makes a query wait for the change."""
    token = None if receipt.token is None else str(receipt.token)
    headers = {} if token is None else {CONSISTENCY_HEADER: token}
    if location is not None:
        headers["location"] = location
    return JSONResponse({**body, "consistencyToken": token}, status_code=status, headers=headers)
