"""Shows the mails in the mailbox folder. Its address ends in a signed key, as a payment page's does."""

import hmac
from datetime import datetime
from pathlib import Path

from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from infra.adapters.mail.mailbox import MailboxMailer

HERE = Path(__file__).parent


def mailbox_app(mailbox: MailboxMailer, *, key: str) -> FastAPI:
    """Return the page's application.

    Args:
        mailbox: the mails.
        key: of :func:`infra.sandbox.mailbox.key.mailbox_key`; every other address is not found.
    """
    templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    templates.filters["moment"] = _moment

    def page(name: str, status: int = 200, *, frames: str = "'none'", **context: object) -> Response:
        policy = (
            f"default-src 'none'; style-src 'self'; frame-src {frames}; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )
        html = templates.get_template(name).render(**context)
        return HTMLResponse(html, status_code=status, headers=_headers(policy))

    def is_operator(request: Request) -> bool:
        return hmac.compare_digest(request.path_params["key"].encode(), key.encode())

    async def inbox(request: Request) -> Response:
        if not is_operator(request):
            return page("page.html", 404, mails=None, mail=None, key="")
        return page("page.html", mails=await mailbox.mails(), mail=None, key=key)

    async def show(request: Request) -> Response:
        mail = await mailbox.mail(request.path_params["id"]) if is_operator(request) else None
        if mail is None:
            return page("page.html", 404, mails=None, mail=None, key="")
        return page("page.html", frames="'self'", mails=None, mail=mail, key=key)

    async def body(request: Request) -> Response:
        mail = await mailbox.mail(request.path_params["id"]) if is_operator(request) else None
        if mail is None:
            return page("page.html", 404, mails=None, mail=None, key="")
        # A mail holds shoppers' words. The sandbox gives it no script, no remote content and no origin.
        policy = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
        return HTMLResponse(mail.html, headers=_headers(policy) | {"x-frame-options": "SAMEORIGIN"})

    css = (HERE / "page.css").read_bytes()

    async def style(_: Request) -> Response:
        return Response(css, media_type="text/css", headers={"cache-control": "public, max-age=300"})

    app = FastAPI(title="Mailbox", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.router.routes.extend(
        [
            Route("/assets/page.css", style),
            Route("/{key}", inbox),
            Route("/{key}/{id}", show),
            Route("/{key}/{id}/body", body),
        ]
    )
    return app


def _headers(policy: str) -> dict[str, str]:
    return {
        "content-security-policy": policy,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "x-robots-tag": "noindex",
    }


def _moment(at: datetime) -> str:
    return at.strftime("%-d %B %Y, %H:%M UTC")
