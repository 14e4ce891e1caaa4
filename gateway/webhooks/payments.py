"""Payment providers' webhooks."""

import logging
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from commands.order import ReceiveWebhook, RejectWebhook, inbox_stream
from commands.ports import CommandReused, Context
from domain.ids import derived
from domain.kernel import NotFound
from domain.order.ports import InvalidSignature, UnusableWebhook
from gateway.api.command_request import GatewayServices, traceparent_of
from gateway.rest.problem_details import Problem

logger = logging.getLogger(__name__)

REASON_MAX = 300
"""Characters of why a webhook is refused, as the merchant reads it."""

router = APIRouter(tags=["webhooks"])


def command_of(source: str, external_id: str) -> UUID:
    """Return the command id of a notice: the same however often it is delivered."""
    return derived(inbox_stream(source, external_id), "receive")


@router.post("/webhooks/payments/{provider}", summary="Take in a payment provider's notice")
async def receive(provider: str, request: Request) -> Response:
    """Verify a notice and record it; what follows from it follows from the log.

    Safe to redeliver: source and external id name the command and its stream, so a second delivery changes nothing.
    """
    gateway: GatewayServices = request.app.state.gateway
    payments = gateway.deps.payments.get(provider)
    if payments is None:
        raise NotFound("payment provider", provider[:64])
    body = await request.body()
    # Stripe-Signature, Sandbox-Signature ...: the provider's own gateway knows what it means.
    signature = request.headers.get(f"{payments.name}-signature", "")
    try:
        notice = payments.read_webhook(body, signature)
        text = body.decode()
    except InvalidSignature:
        logger.warning("refused a webhook of %s: its signature is wrong", payments.name)
        detail = "The signature does not match the body. Sign it with this endpoint's secret."
        return Problem(status=400, code="INVALID_SIGNATURE", detail=detail).response()
    except UnusableWebhook as error:
        logger.warning("refused a webhook of %s: %s", payments.name, error.reason)
        await _tell_merchant(gateway, payments.name, error)
        detail = f"The webhook is signed but cannot be used. {error.reason} It changes no order."
        return Problem(status=422, code="UNUSABLE_WEBHOOK", detail=detail).response()
    except ValueError:
        detail = "The body is not a webhook of this provider. Check the provider in the address."
        return Problem(status=400, code="BAD_REQUEST", detail=detail).response()
    if notice is None:
        return JSONResponse({"received": False, "reason": "the kind of webhook is not used"})
    command = ReceiveWebhook(
        source=payments.name,
        external_id=notice.external_id,
        type=notice.type,
        store_id=notice.store_id,
        body=text,
    )
    command_id = command_of(payments.name, notice.external_id)
    context = Context(command_id=command_id, correlation_id=command_id, traceparent=traceparent_of(request.headers))
    try:
        await gateway.deps.commands.dispatch(command, context)
    except CommandReused:
        # Some providers stamp each delivery anew; the notice with this id is in the log already.
        logger.info("a webhook of %s came again with another body", payments.name)
    return JSONResponse({"received": True})


async def _tell_merchant(gateway: GatewayServices, source: str, error: UnusableWebhook) -> None:
    """Record a webhook that cannot be used where its store is known. No-op for one that names no store of ours."""
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
        await gateway.deps.commands.dispatch(command, Context(command_id=command_id, correlation_id=command_id))
    except (NotFound, CommandReused) as known:
        logger.info("a webhook of %s that cannot be used is not recorded: %s", source, known)
