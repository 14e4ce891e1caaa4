"""The page on which a merchant pays for a plan in the sandbox, and lets payments fail."""

import logging
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from domain.order.ports import InvalidSignature
from infra.adapters.payments.sandbox_plans import Action, PlanPage, SandboxPlans
from infra.sandbox.payments.app import HERE, NotDelivered, WebhookSender

LABELS = {
    Action.SUBSCRIBE: "Subscribe",
    Action.FAIL: "Let the next payment fail",
    Action.PAY: "Pay",
    Action.CANCEL: "Cancel at the end of the period",
    Action.RESUME: "Take the cancellation back",
    Action.END: "End now",
}
logger = logging.getLogger(__name__)


def sandbox_plan_app(
    plans: SandboxPlans, *, webhook_url: str, transport: httpx.AsyncBaseTransport | None = None
) -> FastAPI:
    """Return the page's application, to be mounted where ``SandboxPlans`` says.

    Args:
        plans: the provider whose pages it shows.
        webhook_url: the gateway's ``/webhooks/payments/sandbox-platform``.
        transport: how webhooks travel; tests put their own here.
    """
    sender = WebhookSender(plans, webhook_url, transport=transport)
    templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)

    def answer(page: PlanPage | None, status: int, problem: str | None = None) -> Response:
        html = templates.get_template("plan.html").render(page=page, labels=LABELS, problem=problem)
        policy = f"default-src 'none'; style-src 'self'; form-action 'self' {_origins(page)}; base-uri 'none'; "
        headers = {
            "content-security-policy": policy + "frame-ancestors 'none'",
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "x-robots-tag": "noindex",
        }
        return HTMLResponse(html, status_code=status, headers=headers)

    def page_of(request: Request) -> PlanPage | None:
        try:
            return plans.read_page(request.path_params["token"])
        except InvalidSignature:
            return None

    async def show(request: Request) -> Response:
        page = page_of(request)
        return answer(page, 404 if page is None else 200)

    async def decide(request: Request) -> Response:
        page = page_of(request)
        form = await request.form(max_files=0, max_fields=10, max_part_size=1024)
        chosen = str(form.get("action", ""))
        if page is None or chosen not in page.actions:
            return answer(page, 404 if page is None else 400)
        try:
            await sender.send(plans.webhook(page, Action(chosen)))
        except NotDelivered as error:
            logger.warning("a sandbox webhook was not delivered: %s", error)
            return answer(page, 502, str(error))
        return RedirectResponse(page.success_url, status_code=303, headers={"cache-control": "no-store"})

    css = (HERE / "page.css").read_bytes()

    async def style(_: Request) -> Response:
        return Response(css, media_type="text/css", headers={"cache-control": "public, max-age=300"})

    app = FastAPI(title="Sandbox plans", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.router.routes.extend(
        [Route("/assets/page.css", style), Route("/{token}", show), Route("/{token}", decide, methods=["POST"])]
    )
    return app


def _origins(page: PlanPage | None) -> str:
    """Return where the form may lead: Chromium applies form-action to redirects too."""
    addresses = () if page is None else (urlsplit(url) for url in (page.success_url, page.cancel_url))
    return " ".join(sorted({f"{address.scheme}://{address.netloc}" for address in addresses}))
