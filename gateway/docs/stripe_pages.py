"""The pages to which a merchant comes back from Stripe's questions. A ticket in the address names the merchant."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from domain.kernel import DomainError, Transient
from gateway.api import stripe_accounts
from gateway.api.command_request import CommandRequest, GatewayServices
from gateway.auth.tokens import Ticket
from gateway.auth.visitor import Visitor
from gateway.docs import HERE
from projections.merchants.queries import merchant_by_id
from projections.merchants.views import StripeAccountView
from projections.reading.scope import MerchantScope

router = APIRouter(include_in_schema=False)

NOT_STORED = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
EXPIRED = "This address is altered or older than a day. Ask for a new one in your dashboard (connectStripe)."
LATER = "You can set this up later: stores are made without it. Only selling waits for it."
SENTENCES_MAX = 12
"""Most requirements that a page lists; Stripe's own questions list all."""


@router.get("/stripe/return")
async def come_back(request: Request, ticket: str = "") -> Response:
    """Ask Stripe how the account stands, record it, and say what is missing."""
    services: GatewayServices = request.app.state.gateway
    known = stripe_accounts.tickets(services.deps).read(ticket)
    if known is None:
        return _page(400, "This link has expired", EXPIRED)
    begun = CommandRequest.begin(services, Visitor(person_id=known.merchant_id))
    try:
        await begun.settled(await stripe_accounts.check(services.deps, begun))
    except Transient:
        return _page(
            503, "Stripe does not answer", "Your answers are safe at Stripe. Load this page again in a minute."
        )
    except DomainError as refusal:
        return _page(409, "The account cannot be used", str(refusal))
    scope = MerchantScope(known.merchant_id)
    merchant = await merchant_by_id(services.deps.reader, known.merchant_id, scope=scope)
    return _of_account(None if merchant is None else merchant.stripe, ticket)


@router.get("/stripe/refresh")
async def go_on(request: Request, ticket: str = "") -> Response:
    """Lead a merchant whose link to Stripe's questions is used or too old on to a new one."""
    services: GatewayServices = request.app.state.gateway
    known: Ticket | None = stripe_accounts.tickets(services.deps).read(ticket)
    if known is None:
        return _page(400, "This link has expired", EXPIRED)
    begun = CommandRequest.begin(services, Visitor(person_id=known.merchant_id))
    try:
        _, url = await stripe_accounts.connect(services.deps, begun, return_url=None, refresh_url=None)
    except Transient:
        return _page(503, "Stripe does not answer", "Load this page again in a minute.")
    except DomainError as refusal:
        return _page(409, "The account cannot be used", str(refusal))
    return RedirectResponse(url, status_code=303, headers=NOT_STORED)


def _of_account(account: StripeAccountView | None, ticket: str) -> HTMLResponse:
    if account is None:
        return _page(200, "No account is connected", "Stripe does not let this platform use the account any more.")
    needs = [stripe_accounts.requirement_message(code) for code in account.requirements]
    if account.disabled_reason is not None and not account.charges_enabled:
        needs.insert(0, stripe_accounts.restriction_message(account.disabled_reason))
    if account.charges_enabled:
        lead = "Shoppers can pay into your account. You can close this page."
        return _page(200, "You can be paid", lead, needs)
    if not needs:
        lead = "Stripe checks your answers. Your dashboard shows when it is done; nothing is to do now."
        return _page(200, "Stripe is checking", lead)
    more = f'<p><a href="/stripe/refresh?ticket={quote(ticket)}">Answer Stripe’s questions</a></p><p>{LATER}</p>'
    return _page(200, "Stripe needs more", "Until then shoppers cannot pay.", needs, more)


def _page(status: int, title: str, lead: str, sentences: Sequence[str] = (), more: str = "") -> HTMLResponse:
    listed = "".join(f"<li>{escape(each)}</li>" for each in dict.fromkeys(sentences[:SENTENCES_MAX]))
    parts = {"title": escape(title), "lead": escape(lead), "more": (f"<ul>{listed}</ul>" if listed else "") + more}
    page = (HERE / "stripe.html").read_text("utf-8")
    for name, text in parts.items():
        page = page.replace(f"{{{{{name}}}}}", text)
    return HTMLResponse(page, status_code=status, headers=NOT_STORED)
