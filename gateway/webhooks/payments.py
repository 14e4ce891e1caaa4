"""Payment providers' webhooks."""

import logging
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from commands.inbox import ReceiveAccountWebhook, ReceiveUnmatchedWebhook, ReceiveWebhook, RejectWebhook, inbox_stream
from commands.ports import CommandReused, Context
from domain.ids import derived
from domain.kernel import NotFound
from domain.order.ports import AccountNotice, InvalidSignature, Notice, PlatformNotice, UnusableWebhook, WebhookReader
from gateway.api.command_request import GatewayServices, valid_traceparent
from gateway.problem_details import Problem
from projections.merchants.queries import merchant_by_id, merchant_of_stripe_account
from projections.reading.paging import Reader
from projections.reading.scope import SYSTEM

logger = logging.getLogger(__name__)

REASON_MAX = 300
"""Maximum characters of a rejection's reason, which merchants read."""

router = APIRouter(tags=["webhooks"])


def command_of(source: str, external_id: str) -> UUID:
    """Return the command id of a webhook. Every delivery of the same webhook has the same id."""
    return derived(inbox_stream(source, external_id), "receive")


@router.post("/webhooks/payments/{provider}", summary="Receive a payment provider's webhook")
async def receive(provider: str, request: Request) -> Response:
    """Verify a webhook and record it.

    Safe to redeliver: the command id is derived from source and external id, so a second delivery changes nothing.
    """
    services: GatewayServices = request.app.state.gateway
    payments = services.deps.payments.get(provider)
    if payments is None:
        raise NotFound("payment provider", provider[:64])
    return await _receive(request, services, payments)


@router.post("/webhooks/payments/stripe/{merchant_id}", summary="Receive a webhook of an account with an own key")
async def receive_of_own_key(merchant_id: UUID, request: Request) -> Response:
    """Verify a webhook of a merchant who gave the platform an own key, with the secret of that merchant's endpoint.

    Safe to redeliver, as the other webhooks are.
    """
    services: GatewayServices = request.app.state.gateway
    own = services.deps.own_keys
    key = None if own is None else await own.vault.read(merchant_id)
    if own is None or key is None:
        raise NotFound("merchant", merchant_id)
    return await _receive(request, services, own.webhooks(key))


async def _receive(request: Request, services: GatewayServices, payments: WebhookReader) -> Response:
    body = await request.body()
    try:
        notice = payments.read_webhook(body, request.headers.get(payments.signature_header, ""))
        text = payments.recordable(body.decode())
    except InvalidSignature:
        logger.warning("refused a webhook of %s: its signature is wrong", payments.name)
        detail = "The signature does not match the body. Sign it with this endpoint's secret."
        return Problem(status=400, code="INVALID_SIGNATURE", detail=detail).response()
    except UnusableWebhook as error:
        logger.warning("refused a webhook of %s: %s", payments.name, error.reason)
        await _record_rejection(services, payments.name, error)
        detail = f"The webhook is signed but cannot be used. {error.reason} It changes no order."
        return Problem(status=422, code="UNUSABLE_WEBHOOK", detail=detail).response()
    except ValueError:
        detail = "The body is not a webhook of this provider. Check the provider in the address."
        return Problem(status=400, code="BAD_REQUEST", detail=detail).response()
    if notice is None:
        return JSONResponse({"received": False, "reason": "the kind of webhook is not used"})
    command = await _receipt_of(services, payments.name, notice, text)
    command_id = command_of(payments.name, notice.external_id)
    context = Context(
        command_id=command_id,
        correlation_id=command_id,
        traceparent=valid_traceparent(request.headers.get("traceparent")),
    )
    try:
        await services.deps.commands.dispatch(command, context)
    except CommandReused:
        # Some providers change a timestamp at each delivery. The log already has the webhook with this id.
        logger.info("a webhook of %s was redelivered with another body", payments.name)
    if isinstance(command, ReceiveUnmatchedWebhook):
        return JSONResponse({"received": True, "reason": "it is about no merchant here and is kept for the operators"})
    return JSONResponse({"received": True})


async def _receipt_of(
    services: GatewayServices, source: str, notice: Notice, body: str
) -> ReceiveWebhook | ReceiveAccountWebhook | ReceiveUnmatchedWebhook:
    """Return the command that records a notice."""
    ids = {"source": source, "external_id": notice.external_id, "type": notice.type}
    if not isinstance(notice, AccountNotice | PlatformNotice):
        return ReceiveWebhook(**ids, store_id=notice.store_id, body=body)
    merchant_id = await _merchant_of(services.deps.reader, notice)
    if merchant_id is None:
        logger.warning("a webhook of %s is about no merchant here: %s", source, notice.external_id)
        return ReceiveUnmatchedWebhook(**ids, body=body)
    return ReceiveAccountWebhook(**ids, merchant_id=merchant_id, body=body)


async def _merchant_of(db: Reader, notice: AccountNotice | PlatformNotice) -> UUID | None:
    if isinstance(notice, PlatformNotice) and notice.merchant_id is not None:
        merchant = await merchant_by_id(db, notice.merchant_id, scope=SYSTEM)
        return None if merchant is None else merchant.id
    return None if notice.account_id is None else await merchant_of_stripe_account(db, notice.account_id, scope=SYSTEM)


async def _record_rejection(services: GatewayServices, source: str, error: UnusableWebhook) -> None:
    """Record an unusable webhook for its store's merchant. No-op if the webhook names no known store."""
    if error.external_id is None or error.store_id is None:
        return
    command = RejectWebhook(
        source=source,
        external_id=error.external_id,
        type=error.type,
        store_id=error.store_id,
        order_id=error.order_id,
        reason=error.reason[:REASON_MAX],
    )
    command_id = derived(inbox_stream(source, error.external_id), "reject")
    try:
        await services.deps.commands.dispatch(command, Context(command_id=command_id, correlation_id=command_id))
    except (NotFound, CommandReused) as known:
        logger.info("an unusable webhook of %s is not recorded: %s", source, known)
