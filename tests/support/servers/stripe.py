"""A server that keeps what Stripe would keep: accounts, pages of Checkout, idempotency keys. And Stripe's own checker."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from domain.kernel import Clock
from infra.adapters.payments.signatures import sign
from infra.embedded.process import ChildProcess, free_port
from tests.support.servers.stripe_accounts import as_v2, fault_of_request

SECRET = "whsec_only_tests_know"
START_SECONDS = 30


@dataclass
class StripeServer:
    """The state of a Stripe in memory. Change it to let something happen at Stripe."""

    clock: Clock
    requests: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """Method, path and form or body of each request."""
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    coupons: dict[str, tuple[str | None, dict[str, str]]] = field(default_factory=dict)
    """Account and form of each coupon."""
    gone: set[str] = field(default_factory=set)
    """Accounts whose owner took the platform's access away."""
    disputes: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, tuple[str | None, dict[str, str]]] = field(default_factory=dict)
    """Account and form of each file; a form names the file, and its content is text of one byte a letter."""
    payouts: dict[str, dict[str, Any]] = field(default_factory=dict)
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Merchants' subscriptions on the platform's account."""
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    next_refund: str = "succeeded"
    """Status of refunds that are made from now on."""
    keys: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    """The account of each restricted key, and the paths that it may not use."""
    endpoints: dict[str, str] = field(default_factory=dict)
    """The address of each webhook endpoint."""
    tax_settings: dict[str, Any] = field(default_factory=lambda: {"status": "active", "status_details": {}})
    tax_registrations: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What each code of the page for existing accounts grants; a code counts once."""
    deauthorized: list[str] = field(default_factory=list)
    accounts_interface: str = "v1"
    """``v2`` if the platform may use Stripe's second interface for accounts, as new platforms must."""
    failing: int = 0
    """Status of the next answer, if it is to fail."""
    stuck: int = 0
    """Status of the next answer to an idempotency key. Stripe repeats that answer whenever it gets the key again."""
    address: str = ""
    """Where it listens."""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _stuck: dict[str, int] = field(default_factory=dict)
    _answers: dict[str, tuple[dict[str, str], dict[str, Any]]] = field(default_factory=dict)

    def app(self) -> FastAPI:
        """Return the server."""
        app = FastAPI()

        @app.post("/oauth/{what}")
        async def authorize(what: str, request: Request) -> JSONResponse:
            form = dict(parse_qsl((await request.body()).decode()))
            self.requests.append(("POST", f"oauth/{what}", form))
            if what == "token":
                granted = self.codes.pop(form["code"], None)
                refused = {"error": "invalid_grant", "error_description": "Authorization code does not exist."}
                return JSONResponse(refused, 400) if granted is None else JSONResponse(granted)
            self.deauthorized.append(form["stripe_user_id"])
            return JSONResponse({"stripe_user_id": form["stripe_user_id"]})

        @app.api_route("/v2/{path:path}", methods=["GET", "POST"])
        async def answer_v2(path: str, request: Request) -> JSONResponse:
            body = json.loads(await request.body() or b"{}")
            self.requests.append((request.method, f"v2/{path}", body))
            if self.failing:
                status, self.failing = self.failing, 0
                return _error(status, "api_error", "Stripe has a bad day.")
            key = f"v2 {request.headers.get('idempotency-key')}"
            if request.method == "POST" and key in self._answers:
                return JSONResponse(self._answers[key][1])
            answered = self._answer_v2(request.method, path, body, list(request.query_params.values()))
            if isinstance(answered, JSONResponse):
                return answered
            if "idempotency-key" in request.headers:
                self._answers[key] = (body, answered)
            return JSONResponse(answered)

        @app.api_route("/v1/{path:path}", methods=["GET", "POST", "DELETE"])
        async def answer(path: str, request: Request) -> JSONResponse:
            form = await _form_of(request)
            self.requests.append((request.method, path, form))
            if self.failing:
                status, self.failing = self.failing, 0
                return _error(
                    status, "api_error" if status >= 500 else "invalid_request_error", "Stripe has a bad day."
                )
            at, by = request.headers.get("stripe-account"), request.headers["authorization"].removeprefix("Bearer ")
            if by.startswith("sk_") and at in {account for account, _ in self.keys.values()}:
                return _error(403, "invalid_request_error", "The provided key does not have access to account.")
            if by.startswith("rk_"):
                if by not in self.keys or at is not None:
                    return _error(401, "invalid_request_error", f"Invalid API Key provided: {by}")
                at, forbidden = self.keys[by]
                if path in forbidden:
                    return _error(403, "invalid_request_error", f"The provided key '{by}' lacks a permission.")
                if request.method == "POST" and not form:
                    return _error(400, "invalid_request_error", "A value is missing.")
            if path.endswith("/expire") and self.sessions[path.split("/")[2]]["account"] != at:
                return _error(404, "invalid_request_error", "No such checkout session.", code="resource_missing")
            if path.endswith("/expire") and self.sessions[path.split("/")[2]]["status"] != "open":
                return _error(400, "invalid_request_error", "Only open Checkout Sessions can be expired.")
            key = f"{at} {request.headers.get('idempotency-key')}"
            if request.method == "POST" and key in self._stuck:
                return _error(self._stuck[key], "api_error", "Stripe has a bad day.", replayed=True)
            if self.stuck and request.headers.get("idempotency-key"):
                self._stuck[key], self.stuck = self.stuck, 0
                return _error(self._stuck[key], "api_error", "Stripe has a bad day.")
            if request.method == "POST" and key in self._answers:
                asked, said = self._answers[key]
                if asked != form:
                    return _error(
                        400,
                        "idempotency_error",
                        "Keys for idempotent requests can only be used with the same parameters.",
                    )
                return JSONResponse(said)
            form |= dict(request.query_params) if request.method == "GET" else {}
            answered = self._answer(request.method, path, form, at)
            if isinstance(answered, JSONResponse):
                return answered
            if answered is None:
                return _error(403, "invalid_request_error", "The provided key does not have access to account.")
            if request.method == "POST" and request.headers.get("idempotency-key"):
                self._answers[key] = (form, answered)
            return JSONResponse(answered)

        return app

    def forget_keys(self) -> None:
        """Let a day pass, after which Stripe takes a known idempotency key for a new one."""
        self._answers.clear()

    def webhook(self, type: str, object: dict[str, Any], *, account: str, live: bool = False, number: int = 0) -> bytes:
        """Return a webhook's body."""
        id = hashlib.sha256(f"{type}{json.dumps(object, sort_keys=True)}{account}{number}".encode()).hexdigest()[:24]
        body = {"id": f"evt_{id}", "object": "event", "type": type, "account": account, "livemode": live}
        return json.dumps(
            body | {"created": 1, "api_version": "2026-10-28.endive", "data": {"object": object}}
        ).encode()

    def paid(self, session_id: str, **changes: Any) -> dict[str, Any]:
        """Return a session after its shopper paid, as Stripe describes it: with name, address and e-mail."""
        session = self.sessions[session_id]
        session["status"] = "complete"
        person = {
            "name": "Ada Shopper",
            "email": "ada@shopper.example",
            "phone": "+49 30 1",
            "address": {"line1": "Weg 1"},
        }
        return session | {"payment_status": "paid", "status": "complete", "customer_details": person} | changes

    def declined(self, session_id: str) -> dict[str, Any]:
        """Return the payment of a session after the bank declined it."""
        session = self.sessions[session_id]
        return {
            "id": session["payment_intent"],
            "object": "payment_intent",
            "metadata": session["metadata"],
            "last_payment_error": {
                "code": "card_declined",
                "message": "Your card was declined.",
                "payment_method": {"id": "pm"},
            },
        }

    def sign(self, body: bytes, secret: str = SECRET) -> str:
        """Return a webhook's signature header."""
        return sign(body, secret.encode(), self.clock.now())

    def refunded_in_dashboard(self, intent_id: str, amount: int, *, status: str = "succeeded") -> dict[str, Any]:
        """Return a refund that the merchant made at Stripe."""
        account = next(each["account"] for each in self.sessions.values() if each["payment_intent"] == intent_id)
        refund = self._refund({"payment_intent": intent_id, "amount": str(amount)}, account)
        assert isinstance(refund, dict)
        refund["status"] = status
        return refund

    def _answer_v2(
        self, method: str, path: str, body: dict[str, Any], include: list[str]
    ) -> JSONResponse | dict[str, Any]:
        if self.accounts_interface != "v2":
            return _error(400, "", "Accounts v2 is not enabled for your platform.", code="accounts_v2_access_blocked")
        if method == "POST" and (wrong := fault_of_request(path, body)) is not None:
            return _error(400, "", wrong, code="invalid_fields")
        if path == "core/account_links":
            if body["account"] in self.gone:
                return _error(404, "", "No such account.", code="not_found")
            link = f"https://connect.stripe.com/v2/setup/{body['account']}"
            return {"object": "v2.core.account_link", "account": body["account"], "url": link}
        if method == "POST":
            id = f"acct_{next(self._numbers)}"
            self.accounts[id] = {"id": id, "object": "account", "charges_enabled": False, "payouts_enabled": False}
            return as_v2(self.accounts[id], body.get("include", []))
        id = path.rpartition("/")[2]
        if id in self.gone or id not in self.accounts:
            return _error(404, "", "No such account.", code="not_found")
        if self.accounts[id].get("only_v1"):
            return _error(400, "", "Use the v1 interface.", code="v1_account_instead_of_v2_account")
        return as_v2(self.accounts[id], include)

    def _answer(
        self, method: str, path: str, form: dict[str, str], account: str | None
    ) -> dict[str, Any] | JSONResponse | None:
        match method, path.split("/"):
            case "GET", ["account"]:
                return self.accounts[account or ""]
            case "GET", ["balance" | "payment_intents" | "disputes" | "payouts" | "customers"]:
                return {"object": "list", "data": [], "has_more": False, "url": path}
            case "POST", ["webhook_endpoints"]:
                id = f"we_{next(self._numbers)}"
                self.endpoints[id] = form["url"]
                return {"id": id, "object": "webhook_endpoint", "secret": f"whsec_of_{id}"}
            case "DELETE", ["webhook_endpoints", id]:
                return {"id": id, "deleted": self.endpoints.pop(id) is not None}
            case "POST", ["refunds"]:
                return self._refund(form, account)
            case "GET", ["refunds"]:
                listed = [each for each in self.refunds.values() if each["payment_intent"] == form["payment_intent"]]
                return {"object": "list", "data": listed, "has_more": False, "url": "/v1/refunds"}
            case "GET", ["disputes", id]:
                return self.disputes.get(id)
            case "POST", ["files"]:
                id = f"file_{next(self._numbers)}"
                self.files[id] = (account, form)
                return {"id": id, "object": "file", "purpose": form["purpose"], "size": len(form["file"])}
            case "POST", ["disputes", id]:
                return self._evidence(id, form)
            case "GET", ["application_fees", id]:
                intent_id = id.removeprefix("fee_")
                made = [each for each in self.refunds.values() if each["payment_intent"] == intent_id]
                session = next(each for each in self.sessions.values() if each["payment_intent"] == intent_id)
                refunded = sum(each["fee"] for each in made)
                about = {"id": id, "object": "application_fee", "currency": session["currency"]}
                return about | {"amount": session["fee"], "amount_refunded": refunded}
            case "GET", ["payouts", id]:
                return self.payouts.get(id)
            case "GET", ["payment_intents", id]:
                return self._intent(id, account)
            case "GET", ["subscriptions", id]:
                return self.subscriptions.get(id) or _error(404, "invalid_request_error", "No such subscription.")
            case "DELETE", ["subscriptions", id] if id in self.subscriptions:
                subscription = self.subscriptions[id]
                if subscription["status"] == "canceled":
                    return _error(404, "invalid_request_error", "No such subscription.")
                subscription |= {"status": "canceled", "ended_at": int(self.clock.now().timestamp())}
                return subscription
            case "POST", ["billing_portal", "sessions"]:
                url = f"https://billing.stripe.com/p/session/{form['customer']}"
                return {"object": "billing_portal.session", "id": "bps_1", "url": url}
            case "POST", ["checkout", "sessions"] if form["mode"] == "subscription":
                return self._subscribe(form)
            case "POST", ["checkout", "sessions"]:
                return self._session(form, account)
            case "POST", ["checkout", "sessions", id, "expire"]:
                if self.sessions[id]["status"] == "open":
                    self.sessions[id]["status"] = "expired"
                return self.sessions[id]
            case "GET", ["checkout", "sessions", id]:
                return self.sessions[id]
            case "POST", ["customers"]:
                return {"id": f"cus_{next(self._numbers)}", "object": "customer"}
            case "GET", ["tax", "settings"]:
                return {"object": "tax.settings"} | self.tax_settings
            case "GET", ["tax", "registrations"]:
                listed = [{"id": f"taxreg_{country}", "country": country} for country in self.tax_registrations]
                return {"object": "list", "data": listed, "has_more": False, "url": path}
            case "POST", ["coupons"]:
                id = f"co_{len(self.coupons) + 1}"
                self.coupons[id] = (account, form)
                return {"id": id, "object": "coupon"}
            case "POST", ["accounts"]:
                id = f"acct_{next(self._numbers)}"
                self.accounts[id] = {"id": id, "object": "account", "charges_enabled": False, "payouts_enabled": False}
                return self.accounts[id]
            case "POST", ["account_links"]:
                if form["account"] in self.gone:
                    return None
                return {
                    "object": "account_link",
                    "url": f"https://connect.stripe.com/setup/{form['account']}",
                    "created": 1,
                }
            case "GET", ["accounts", id]:
                return None if id in self.gone else self.accounts.get(id)
        return None

    def _evidence(self, id: str, form: dict[str, str]) -> dict[str, Any] | JSONResponse | None:
        """Take evidence once, as banks do."""
        dispute = self.disputes.get(id)
        if dispute is None:
            return _error(404, "invalid_request_error", f"No such dispute: '{id}'", code="resource_missing")
        if dispute["status"] not in {"needs_response", "warning_needs_response"}:
            return _error(400, "invalid_request_error", "This dispute has already been answered.")
        dispute["evidence"] = {key[9:-1]: value for key, value in form.items() if key.startswith("evidence[")}
        dispute["metadata"] = {key[9:-1]: value for key, value in form.items() if key.startswith("metadata[")}
        if form.get("submit") == "true":
            dispute["status"] = dispute["status"].replace("needs_response", "under_review")
            dispute["evidence_details"] = (dispute.get("evidence_details") or {}) | {"submission_count": 1}
        return dispute

    def _intent(self, id: str, account: str | None) -> dict[str, Any] | None:
        for session in self.sessions.values():
            if session["payment_intent"] == id and session["account"] == account:
                fee = None if session["fee"] is None else f"fee_{id}"
                charge = {"id": f"ch_{id}", "object": "charge", "application_fee": fee}
                about = {
                    "id": id,
                    "object": "payment_intent",
                    "amount": session["amount_total"],
                    "latest_charge": charge,
                }
                return about | {"currency": session["currency"], "metadata": session["metadata"]}
        return None

    def _refund(self, form: dict[str, str], account: str | None) -> dict[str, Any] | JSONResponse | None:
        intent = self._intent(form["payment_intent"], account)
        if intent is None:
            return _error(404, "invalid_request_error", f"No such payment_intent: '{form['payment_intent']}'")
        gone = sum(
            each["amount"]
            for each in self.refunds.values()
            if each["payment_intent"] == intent["id"] and each["status"] not in {"failed", "canceled"}
        )
        amount = int(form["amount"])
        if amount > intent["amount"] - gone:
            return _error(400, "invalid_request_error", "Refund amount is greater than unrefunded amount on charge.")
        returns_fee = form.get("refund_application_fee") == "true"
        session = next(each for each in self.sessions.values() if each["payment_intent"] == intent["id"])
        if returns_fee and not session["fee"]:
            return _error(400, "invalid_request_error", "The charge has no application fee.")
        id = f"re_{len(self.refunds) + 1}"
        self.refunds[id] = {
            "id": id,
            "object": "refund",
            "payment_intent": intent["id"],
            "amount": amount,
            "currency": intent["currency"],
            "status": self.next_refund,
            "metadata": {key[9:-1]: value for key, value in form.items() if key.startswith("metadata[")},
            # Stripe rounds in its own way; half a unit goes down here, and up in our own arithmetic.
            "fee": (amount * session["fee"] * 2 - 1) // (2 * intent["amount"]) if returns_fee else 0,
        }
        return self.refunds[id]

    def _subscribe(self, form: dict[str, str]) -> dict[str, Any]:
        """Open a page for a subscription, and let it be paid at once."""
        now = int(self.clock.now().timestamp())
        id = f"sub_{len(self.subscriptions) + 1}"
        start = "subscription_data[metadata]["
        price = {"price": {"id": form["line_items[0][price]"]}}
        item = price | {"current_period_start": now, "current_period_end": now + 30 * 86_400}
        self.subscriptions[id] = {
            "id": id,
            "object": "subscription",
            "customer": form.get("customer", "cus_1"),
            "status": "active",
            "start_date": now,
            "items": {"object": "list", "data": [item]},
            "metadata": {key[len(start) : -1]: value for key, value in form.items() if key.startswith(start)},
        }
        return {"id": f"cs_{id}", "object": "checkout.session", "url": f"https://checkout.stripe.com/c/pay/{id}"}

    def _session(self, form: dict[str, str], account: str | None) -> dict[str, Any]:
        id = f"cs_test_{len(self.sessions) + 1}"
        total = sum(
            int(form[f"line_items[{n}][price_data][unit_amount]"]) * int(form[f"line_items[{n}][quantity]"])
            for n in range(100)
            if f"line_items[{n}][quantity]" in form
        )
        total += int(form.get("shipping_options[0][shipping_rate_data][fixed_amount][amount]", 0))
        if "discounts[0][coupon]" in form:
            owner, coupon = self.coupons[form["discounts[0][coupon]"]]
            assert owner == account
            total -= int(coupon["amount_off"])
        metadata = {key[9:-1]: value for key, value in form.items() if key.startswith("metadata[")}
        self.sessions[id] = {
            "id": id,
            "object": "checkout.session",
            "url": f"https://checkout.stripe.com/c/pay/{id}",
            "payment_intent": f"pi_{len(self.sessions) + 1}",
            "payment_status": "unpaid",
            "status": "open",
            "amount_total": total,
            "currency": form["line_items[0][price_data][currency]"],
            "metadata": metadata,
            "account": account,
            "fee": None if (fee := form.get("payment_intent_data[application_fee_amount]")) is None else int(fee),
        }
        return self.sessions[id]


def _error(status: int, type: str, message: str, *, code: str | None = None, replayed: bool = False) -> JSONResponse:
    headers = {"idempotent-replayed": "true"} if replayed else None
    return JSONResponse({"error": {"type": type, "message": message, "code": code}}, status, headers)


async def _form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form, with a file as its content and its name."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return dict(parse_qsl((await request.body()).decode()))
    fields = dict[str, str]()
    async with request.form() as form:
        for name, value in form.items():
            if isinstance(value, str):
                fields[name] = value
            else:
                fields |= {name: (await value.read()).decode("latin-1"), "filename": str(value.filename)}
    return fields


NEWER = frozenset({"allowed_payment_method_types[0]"})
"""Parameters that are newer than stripe-mock's description (2026-09-30). The types of Stripe's library have them."""


def forwarding(address: str) -> FastAPI:
    """Return a server that passes requests on to stripe-mock, without the parameters of :data:`NEWER`."""
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST", "DELETE"])
    async def forward(path: str, request: Request) -> Response:
        body, type = await request.body(), request.headers.get("content-type", "")
        if not type.startswith("multipart/"):
            type = "application/x-www-form-urlencoded"
            body = urlencode([pair for pair in parse_qsl(body.decode()) if pair[0] not in NEWER]).encode()
        headers = {"authorization": request.headers["authorization"], "content-type": type}
        async with httpx.AsyncClient() as client:
            answer = await client.request(
                request.method, f"{address}/{path}", content=body, headers=headers, timeout=30
            )
        return Response(answer.content, answer.status_code, media_type="application/json")

    return app


@asynccontextmanager
async def checking_server(program: Path, directory: Path) -> AsyncIterator[str]:
    """Run stripe-mock, which refuses every request that Stripe's own description does not allow; return its address."""
    port = free_port()
    server = ChildProcess("stripe-mock", log_file=directory / "stripe-mock.log")
    # Its second server is not asked; by default it has the same port in all processes of a machine.
    addresses = ["-http-addr", f"127.0.0.1:{port}", "-https-addr", "127.0.0.1:0"]
    server.launch([str(program), *addresses], cwd=directory)
    address = f"http://127.0.0.1:{port}"

    async def answers() -> bool:
        try:
            return (await client.get(f"{address}/v1/balance", headers=key, timeout=2)).status_code == 200
        except httpx.HTTPError:
            await asyncio.sleep(0.05)
            return False

    key = {"authorization": "Bearer sk_test_1"}
    try:
        async with httpx.AsyncClient() as client:
            await server.wait_until(answers, seconds=START_SECONDS)
        yield address
    finally:
        await server.kill()
