"""Registering, logging in, suppliers, and orders."""

from collections.abc import Awaitable
from datetime import datetime
from uuid import uuid4

import strawberry

from commands.merchant import ConnectSupplier, DisconnectSupplier
from commands.order import FulfilOrder
from commands.ports import Receipt
from domain.kernel import InvalidInput, NotFound
from domain.merchant.events import SupplierProvider
from gateway.api.client_errors import REFUSALS
from gateway.api.command_request import Request
from gateway.api.validation import as_id, check_text, supplier_credentials
from gateway.auth.accounts import Session
from gateway.graphql.context import Info, Reading
from gateway.graphql.device import device_cookie, remember_device
from gateway.graphql.errors import user_error
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import (
    ConnectSupplierInput,
    DisconnectSupplierInput,
    FulfilOrderInput,
    LogInInput,
    RefreshTokenInput,
    RegisterInput,
)
from gateway.graphql.mutations.payloads import CHANGED, OrderPayload, Payload, SupplierPayload, change
from gateway.graphql.queries.root import find_order, find_user
from gateway.graphql.types.merchant import User


@strawberry.type(description="A session's tokens. Send the access token as “Authorization: Bearer <accessToken>”.")
class SessionPayload(Payload):
    access_token: str | None = strawberry.field(default=None, description="Short-lived; see accessTokenExpiresAt.")
    access_token_expires_at: datetime | None = None
    refresh_token: str | None = strawberry.field(
        default=None,
        description="Valid for one exchange. For 30 seconds, until its successor is used, a repeat gets the same answer. "
        "Any other repeat ends the session.",
    )
    refresh_token_expires_at: datetime | None = None
    device_token: str | None = strawberry.field(
        default=None,
        description="Keep this token on the device after logging out, and send it with the next logIn. "
        "A known device has its own rate limit. The token alone does not log in. Browsers also get it as a cookie.",
    )
    user: User | None = strawberry.field(default=None, description=CHANGED)


@strawberry.type
class LogOutPayload(Payload):
    done: bool = True


@strawberry.type
class AccountMutations:
    @mutation("Open an account and log in.")
    async def register(self, info: Info, input: RegisterInput) -> SessionPayload | None:
        context = info.context
        session = context.gateway.desk.register(
            email=input.email,
            password=input.password,
            name=input.name,
            request_id=input.command_id or uuid4(),
            caller=context.caller.address,
        )
        return await _session(info, session, input.client_mutation_id)

    @mutation("Log in with e-mail address and password.")
    async def log_in(self, info: Info, input: LogInInput) -> SessionPayload | None:
        context = info.context
        session = context.gateway.desk.log_in(
            email=input.email,
            password=input.password,
            caller=context.caller.address,
            device_token=input.device_token or device_cookie(context),
        )
        return await _session(info, session, input.client_mutation_id)

    @mutation("Exchange a refresh token for its successor and a new access token.")
    async def refresh_token(self, info: Info, input: RefreshTokenInput) -> SessionPayload | None:
        session = info.context.gateway.desk.refresh(input.refresh_token)
        return await _session(info, session, input.client_mutation_id)

    @mutation(
        "End a session. Its refresh token becomes invalid at once, its access tokens within a second. "
        "The merchant's other sessions continue."
    )
    async def log_out(self, info: Info, input: RefreshTokenInput) -> LogOutPayload | None:
        await info.context.gateway.desk.log_out(input.refresh_token)
        return LogOutPayload(client_mutation_id=input.client_mutation_id)

    @mutation("Start to source from a supplier. The installation must be able to search it.")
    async def connect_supplier(self, info: Info, input: ConnectSupplierInput) -> SupplierPayload | None:
        async def send(request: Request) -> Receipt:
            _check_searchable(input.provider, info.context.deps.suppliers)
            account_id = check_text("accountId", input.account_id)
            credentials = supplier_credentials(
                input.provider, api_key=input.api_key, api_secret=input.api_secret, account_id=account_id
            )
            if credentials is not None:
                await info.context.deps.supplier_vault.keep(request.merchant_id, input.provider, credentials)
            return await request.send(
                ConnectSupplier(merchant_id=request.merchant_id, provider=input.provider, account_id=account_id)
            )

        async def show(reading: Reading, _receipt: Receipt) -> dict[str, object]:
            return await _show_supplier(reading, input.provider)

        return await change(info, SupplierPayload, input, send, show)

    @mutation("Stop sourcing from a supplier and delete its keys. Imported products stay.")
    async def disconnect_supplier(self, info: Info, input: DisconnectSupplierInput) -> SupplierPayload | None:
        async def send(request: Request) -> Receipt:
            receipt = await request.send(DisconnectSupplier(merchant_id=request.merchant_id, provider=input.provider))
            await info.context.deps.supplier_vault.drop(request.merchant_id, input.provider)
            return receipt

        async def show(reading: Reading, _receipt: Receipt) -> dict[str, object]:
            return await _show_supplier(reading, input.provider)

        return await change(info, SupplierPayload, input, send, show)

    @mutation("Mark a paid order as shipped. Send it again to correct the carrier or the tracking number.")
    async def fulfil_order(self, info: Info, input: FulfilOrderInput) -> OrderPayload | None:
        async def send(request: Request) -> Receipt:
            return await request.send(
                FulfilOrder(
                    order_id=as_id("order", input.order_id),
                    merchant_id=request.merchant_id,
                    carrier=check_text("carrier", input.carrier, 100),
                    tracking_number=check_text("trackingNumber", input.tracking_number, 100),
                )
            )

        async def show(reading: Reading, _receipt: Receipt) -> dict[str, object]:
            return {"order": await find_order(reading, as_id("order", input.order_id))}

        return await change(info, OrderPayload, input, send, show)


def _check_searchable(provider: SupplierProvider, searchable: frozenset[SupplierProvider]) -> None:
    if provider not in searchable:
        raise InvalidInput(
            "provider",
            f"This installation cannot search {provider.known_as}. "
            f"Connect one of: {', '.join(sorted(one.known_as for one in searchable))}.",
        )


async def _show_supplier(reading: Reading, provider: SupplierProvider) -> dict[str, object]:
    user = await find_user(reading)
    return {"supplier_account": next((one for one in user.supplier_accounts if one.provider is provider), None)}


async def _session(info: Info, begun: Awaitable[Session], client_mutation_id: str | None) -> SessionPayload:
    try:
        session = await begun
    except REFUSALS as error:
        return SessionPayload(user_errors=[user_error(error)], client_mutation_id=client_mutation_id)
    gateway, receipt = info.context.gateway, session.receipt
    if session.device_token is not None:
        remember_device(info.context, session.device_token)
    user: User | None = None
    settled = True
    if receipt is not None:
        request = Request.begin(gateway, session.merchant_id)
        settled = await request.settled(receipt)
    if settled:
        try:
            user = await find_user(info.context.reading_now(session.merchant_id))
        except NotFound:
            user = None
    return SessionPayload(
        access_token=session.access_token,
        access_token_expires_at=session.access_expires_at,
        refresh_token=session.refresh_token,
        refresh_token_expires_at=session.refresh_expires_at,
        device_token=session.device_token,
        user=user,
        consistency_token=None if receipt is None or receipt.token is None else str(receipt.token),
        client_mutation_id=client_mutation_id,
    )
