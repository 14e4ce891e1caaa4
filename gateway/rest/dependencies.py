"""What every endpoint needs: who asks, a fresh enough reading, and how a change is answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.responses import JSONResponse

from commands.ports import Receipt
from domain.kernel import InvalidInput
from gateway.api import command_request as requests
from gateway.api.command_request import CONSISTENCY_HEADER, GatewayServices, RequestKey, wait_for
from gateway.api.validation import PlainInt
from gateway.middleware import caller_of
from gateway.ports import GatewayDependencies
from projections.reading.paging import Reader, Slice, Window

T = TypeVar("T")
V = TypeVar("V")
KEY_HEADER = "Idempotency-Key"
KEY_MAX = 200


class Body(BaseModel):
    """A request or response body; camelCase on the wire, unknown fields are refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class PageOf(Body, Generic[T]):
    """One page of a list. Pass ``endCursor`` as ``after`` for the next."""

    items: list[T]
    has_next_page: bool
    end_cursor: str | None


def page_of(page: Slice[V], make: Callable[[V], T]) -> PageOf[T]:
    """Return a read model's page as a body."""
    return PageOf(items=[make(node) for node in page.nodes], has_next_page=page.has_next, end_cursor=page.end_cursor)


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantContext:
    """One request of a logged-in merchant, to read or to change."""

    gateway: GatewayServices
    merchant_id: UUID
    key: str | None
    """The ``Idempotency-Key``, if there is one."""
    traceparent: str | None

    @property
    def db(self) -> Reader:
        return self.gateway.deps.reader

    @property
    def deps(self) -> GatewayDependencies:
        return self.gateway.deps

    def change(self) -> requests.Request:
        """Start a change; the ``Idempotency-Key`` makes a repeat of it harmless."""
        key = None if self.key is None else RequestKey(KEY_HEADER, self.key)
        return requests.Request.begin(self.gateway, self.merchant_id, key, traceparent=self.traceparent)


async def merchant_context(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(description="Your own name for this request: sending it again changes nothing.")
    ] = None,
    x_consistency_token: Annotated[
        str | None, Header(description="Wait until a change with this token can be read.")
    ] = None,
    _authorization: Annotated[str | None, Header(alias="authorization", description="Bearer <access token>")] = None,
) -> MerchantContext:
    """Say who asks, and wait for what they want to see.

    Raises:
        Unauthenticated: nobody is logged in.
        InvalidInput: a header makes no sense.
        Stale: the read models did not get there in time.
    """
    gateway: GatewayServices = request.app.state.gateway
    caller = caller_of(request, behind_proxy=gateway.deps.behind_proxy)
    merchant_id = await gateway.sessions.merchant(caller.authorization)
    if idempotency_key is not None and not 0 < len(idempotency_key) <= KEY_MAX:
        raise InvalidInput(KEY_HEADER, f"{KEY_HEADER} has {len(idempotency_key)} characters. Use 1 to {KEY_MAX}.")
    await wait_for(gateway.deps, x_consistency_token)
    return MerchantContext(
        gateway=gateway, merchant_id=merchant_id, key=idempotency_key, traceparent=caller.traceparent
    )


Merchant = Annotated[MerchantContext, Depends(merchant_context)]


def window(
    first: Annotated[PlainInt | None, Query(description="How many entries, up to 100; 20 when left out.")] = None,
    after: Annotated[str | None, Query(description="The endCursor of the page before.")] = None,
) -> Window:
    """Read which page of a list is wanted."""
    return Window(first=first, after=after)


Page = Annotated[Window, Depends(window)]


def accepted(
    receipt: Receipt, body: Mapping[str, Any], *, status: int = 202, location: str | None = None
) -> JSONResponse:
    """Return what a change answers: the body, and the token that makes a query see the change."""
    token = None if receipt.token is None else str(receipt.token)
    headers = {} if token is None else {CONSISTENCY_HEADER: token}
    if location is not None:
        headers["location"] = location
    return JSONResponse({**body, "consistencyToken": token}, status_code=status, headers=headers)
