"""The page a shopper pays on in the sandbox, and the sender of its webhooks."""

import logging
import secrets
from http import HTTPStatus
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from domain.kernel import Transient
from domain.order.ports import InvalidSignature
from infra.adapters.payments.sandbox import SIGNATURE_HEADER, TAX, SandboxPayments, SandboxSession
from infra.retry import RetryPolicy, retry
from infra.web.http_clients import in_house_client

HERE = Path(__file__).parent
DELIVERIES = RetryPolicy(attempts=4, first_pause=0.25)
"""Of one webhook."""
TIMEOUT = 5.0
"""Seconds for one request."""
AFTER_PAYMENT = frozenset({"dispute", "won", "lost"})
"""Decisions about a payment that was made; the page's end does not matter to them."""
RETRYABLE = frozenset({408, 409, 425, 429})
logger = logging.getLogger(__name__)


class NotDelivered(Exception):
    """The shop could not be told; the same webhook may be sent again."""


class Signer(Protocol):
    """Signs webhooks."""

    def sign_webhook(self, body: str) -> str:
        """Return the signature header of a webhook sent now."""
        ...


class WebhookSender:
    """Delivers signed webhooks over HTTP, a bounded number of times, always the same event."""

    def __init__(
        self,
        signer: Signer,
        url: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        retries: RetryPolicy = DELIVERIES,
    ) -> None:
        self._signer, self._url, self._transport, self._retries = signer, url, transport, retries

    async def send(self, body: str) -> None:
        """Deliver a webhook.

        Raises:
            NotDelivered: every try failed, or it was refused.
        """
        async with in_house_client(timeout=TIMEOUT, transport=self._transport) as client:
            try:
                await retry(lambda: self._send_once(client, body), self._retries)
            except Transient as outage:
                raise NotDelivered(f"{outage.who} {outage.what}") from outage

    async def _send_once(self, client: httpx.AsyncClient, body: str) -> None:
        """Send a webhook.

        Raises:
            Transient: retrying may help.
            NotDelivered: refused; retrying does not help.
        """
        who = f"the shop's webhook address {self._url}"
        headers = {"content-type": "application/json", SIGNATURE_HEADER: self._signer.sign_webhook(body)}
        try:
            answer = await client.post(self._url, content=body.encode(), headers=headers)
        except httpx.HTTPError as error:
            raise Transient(who, f"did not answer ({type(error).__name__})") from error
        if answer.is_success:
            return
        what = f"answered {answer.status_code}"
        if answer.status_code < 500 and answer.status_code not in RETRYABLE:
            raise NotDelivered(f"{who} {what}")
        raise Transient(who, what)


def sandbox_payment_app(  # noqa: C901 - five small handlers that share one page
    payments: SandboxPayments, *, webhook_url: str, transport: httpx.AsyncBaseTransport | None = None
) -> FastAPI:
    """Return the page's application, to be mounted where ``SandboxPayments.page_url`` says.

    Args:
        payments: the provider whose sessions it shows.
        webhook_url: the gateway's ``/webhooks/payments/sandbox``.
        transport: how webhooks travel; tests put their own here.
    """
    sender = WebhookSender(payments, webhook_url, transport=transport)
    templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    templates.filters["money"] = str
    templates.globals["tax_rate"] = TAX // 100

    def page(session: SandboxSession | None, status: int, **context: object) -> Response:
        expired = status == HTTPStatus.GONE
        html = templates.get_template("page.html").render(session=session, expired=expired, **context)
        back = _origins(session) if session else ""
        policy = (
            f"default-src 'none'; style-src 'self'; form-action 'self' {back}; base-uri 'none'; frame-ancestors 'none'"
        )
        headers = {
            "content-security-policy": policy,
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "x-robots-tag": "noindex",
        }
        return HTMLResponse(html, status_code=status, headers=headers)

    def session_of(request: Request) -> SandboxSession | None:
        try:
            return payments.read_session(request.path_params["token"])
        except InvalidSignature:
            return None

    async def show(request: Request) -> Response:
        session = session_of(request)
        if session is None:
            return page(None, 404, problem=None, attempt="")
        if payments.is_expired(session):
            return page(session, HTTPStatus.GONE, problem=None, attempt="")
        return page(session, 200, problem=None, attempt=secrets.token_hex(8))

    async def decide(request: Request) -> Response:
        session = session_of(request)
        if session is None:
            return page(None, 404, problem=None, attempt="")
        form = await request.form(max_files=0, max_fields=10, max_part_size=1024)
        decision, attempt = form.get("decision"), str(form.get("attempt", ""))[:32]
        if payments.is_expired(session) and decision not in AFTER_PAYMENT:
            return page(session, HTTPStatus.GONE, problem=None, attempt="")
        match decision:
            case "pay":
                bodies: tuple[str, ...] = (payments.paid_webhook(session),)
            case "dispute":
                bodies = (payments.disputed_webhook(session, str(form.get("reason", ""))),)
            case "won" | "lost":
                bodies = payments.decided_webhooks(session, is_won=decision == "won")
            case _:
                bodies = (payments.declined_webhook(session, attempt),)
        try:
            for body in bodies:
                await sender.send(body)
        except NotDelivered as error:
            logger.warning("a sandbox webhook was not delivered: %s", error)
            return page(session, 502, problem=str(error), attempt=attempt)
        address = session.success_url if decision == "pay" or decision in AFTER_PAYMENT else session.cancel_url
        return RedirectResponse(address, status_code=303, headers={"cache-control": "no-store"})

    css = (HERE / "page.css").read_bytes()

    async def style(_: Request) -> Response:
        return Response(css, media_type="text/css", headers={"cache-control": "public, max-age=300"})

    app = FastAPI(title="Sandbox payments", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.router.routes.extend(
        [Route("/assets/page.css", style), Route("/{token}", show), Route("/{token}", decide, methods=["POST"])]
    )
    return app


def _origins(session: SandboxSession) -> str:
    """Return where the form may lead: Chromium applies form-action to redirects too."""
    addresses = (urlsplit(url) for url in (session.success_url, session.cancel_url))
    return " ".join(sorted({f"{address.scheme}://{address.netloc}" for address in addresses}))
