"""The dashboard's shell: sessions, forms, errors, and the page of an unknown store."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from graphql import FieldNode, OperationDefinitionNode, OperationType, parse

from gateway.dashboard.backend import Documents
from gateway.dashboard.library import library
from tests.integration.gateway.test_dashboard_manage import a_shop, an_order, products_of
from tests.support.dashboard_walk import routes, walk
from tests.support.platforms.dashboard import a_dashboard, form_of
from tests.support.platforms.gateway import PASSWORD, Merchant, Platform

WIZARD = "/dashboard/stores/new"
AWAY = "The database is not available at the moment. Send the same request again."
NO_PAGES = frozenset({"/dashboard/integrations/stripe/refresh", "/dashboard/integrations/stripe/return"})
"""Routes that change something or lead to another company."""
WHOLE = {
    ("/dashboard/stores/{store_id:uuid}/orders/{order_id:uuid}/packing-slip", part)
    for part in ("store.businessIdentity", "order.lines", "order.parcels", "order.shopper", "order.substitutes")
}
"""Parts without which a page is not shown, by its route: a packing slip is for paper, so it is whole or not at all."""


async def test_a_merchant_logs_in_sees_the_stores_and_logs_out(
    platform: Platform, owner: Merchant, stranger: Merchant
) -> None:
    await platform.store(owner, "Ceramic planters")
    hers = await platform.store(stranger, "Dog toys")
    async with a_dashboard(platform, owner) as dashboard:
        page = await dashboard.get("/dashboard")
        assert "Ceramic planters" in page
        assert "Dog toys" not in page
        response = await dashboard.client.get(f"/dashboard/stores/{uuid4()}/nothing")
        assert response.status_code == 404
        assert "script-src 'self'" in response.headers["content-security-policy"]
        assert "does not exist" in response.text
        assert str(hers) not in page
        assert all(cookie.has_nonstandard_attr("HttpOnly") for cookie in dashboard.client.cookies.jar)
        left = await dashboard.submit("/dashboard", "/dashboard/log-out")
        assert left.headers["location"] == "/dashboard/log-in"
        gone = await dashboard.client.get("/dashboard")
        assert (gone.status_code, gone.headers["location"]) == (303, "/dashboard/log-in")


async def test_a_log_in_over_an_open_session_ends_that_session(
    platform: Platform, owner: Merchant, stranger: Merchant
) -> None:
    async with a_dashboard(platform, owner) as dashboard:
        for merchant in (stranger, owner):
            cookies = dict(dashboard.client.cookies)
            form = form_of(await dashboard.get("/dashboard"), "/dashboard/log-out")
            credentials = {"email": merchant.email, "password": PASSWORD}
            entered = await dashboard.client.post("/dashboard/log-in", data={**form, **credentials})
            assert entered.status_code == 303
            assert merchant.email.partition("@")[0] in await dashboard.get("/dashboard/account/profile")
            platform.app.state.gateway.sessions.forget()
            async with httpx.AsyncClient(base_url=dashboard.url, cookies=cookies) as other_tab:
                gone = await other_tab.get("/dashboard")
            assert gone.headers["location"] == "/dashboard/log-in"


async def test_a_session_outlives_its_access_token_in_two_tabs_at_once(platform: Platform, owner: Merchant) -> None:
    async with a_dashboard(platform, owner) as dashboard:
        platform.clock.advance(timedelta(minutes=20))
        dashboard.client.cookies.delete("zyenta_access")
        before = dict(dashboard.client.cookies)
        first = await dashboard.client.get("/dashboard", headers={"cookie": _header(before)})
        second = await dashboard.client.get("/dashboard", headers={"cookie": _header(before)})
        assert (first.status_code, second.status_code) == (200, 200)
        await dashboard.get("/dashboard")


async def test_wrong_credentials_keep_the_address_and_say_so(platform: Platform, owner: Merchant) -> None:
    async with a_dashboard(platform, owner) as dashboard:
        await dashboard.submit("/dashboard", "/dashboard/log-out")
        login = "/dashboard/log-in"
        response = await dashboard.submit(
            login, login, {"email": "<script>x</script>@example.com", "password": "wrong"}
        )
        assert response.status_code == 422
        assert "&lt;script&gt;x" in response.text
        assert "<script>x" not in response.text
        assert "is wrong" in response.text
        assert 'wrong"' not in response.text
        inside = await dashboard.submit(
            f"{login}?next=//evil.example", login, {"email": owner.email, "password": PASSWORD}
        )
        assert inside.headers["location"] == "/dashboard/stores/new", "a merchant without a store goes to the wizard"


async def test_a_form_of_another_site_or_without_a_token_changes_nothing(platform: Platform, owner: Merchant) -> None:
    async with a_dashboard(platform, owner) as dashboard, a_dashboard(platform) as other:
        form = form_of(await dashboard.get("/dashboard"), "/dashboard/log-out")
        theirs = form_of(await other.get("/dashboard"), "/dashboard/log-out")
        attempts: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
            ({}, {}),
            ({"csrf": "nonsense"}, {}),
            (theirs, {}),
            (form, {"origin": "https://evil.example"}),
            (form, {"origin": "null"}),
            (form, {"sec-fetch-site": "cross-site"}),
            (form, {"sec-fetch-site": "same-site"}),
        )
        for fields, headers in attempts:
            response = await dashboard.client.post("/dashboard/log-out", data=fields, headers=headers)
            assert response.status_code == 403, (fields, headers)
        await dashboard.get("/dashboard")
        # Fetch metadata as browsers send it.
        allowed = {"origin": dashboard.url, "sec-fetch-site": "same-origin"}
        response = await dashboard.client.post("/dashboard/log-out", data=form, headers=allowed)
        assert response.status_code == 303


async def test_huge_fields_and_scripts_get_a_page_and_are_shown_as_text(platform: Platform, owner: Merchant) -> None:
    summary = "/dashboard/stores/new/summary"
    fields = ("niche", "name", "tone", "audience", "colors", "contact")
    async with a_dashboard(platform, owner) as dashboard:
        too_much = await dashboard.submit(WIZARD, "/dashboard/log-out", {"text": "x" * 1_100_000})
        assert too_much.status_code == 413
        assert too_much.headers["content-type"].startswith("text/html")
        for name in fields:
            typed = {"niche": "Lamps", name: "<script>alert(1)</script>" * 18_000}
            refused = await dashboard.submit(f"{summary}?niche=Lamps", summary, typed)
            assert refused.status_code == 422, name
            assert "<script>alert" not in refused.text, name
            assert refused.text.count("&lt;script&gt;alert") >= 18_000, f"what was typed in {name} stays"
            assert 'aria-invalid="true"' in refused.text, f"the error is beside {name}"
        strange = await dashboard.client.get(f"{WIZARD}?niche=%00%ff&after=%22%3E%3Cscript%3E")
        assert strange.status_code == 200
        assert "<script>" not in strange.text.replace("<script src", "")


async def test_a_page_that_fails_says_so_with_the_request_s_number(platform: Platform, owner: Merchant) -> None:
    async with a_dashboard(platform, owner) as dashboard:
        platform.barrier.wedged = True
        cookies = {**dict(dashboard.client.cookies), "zyenta_seen": "0-999999999"}
        response = await dashboard.client.get(
            "/dashboard", headers={"cookie": _header(cookies), "x-request-id": "number-123"}
        )
        assert response.status_code == 503
        assert "number-123" in response.text
        assert "Try again" in response.text
        assert 'aria-label="Dashboard"' in response.text, "a visitor with a session keeps the navigation"


async def test_a_part_that_cannot_be_read_says_so_between_the_others(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner, products=1)
    overview = next(text for text in library().values() if text.startswith("# One store's sales by day"))
    async with a_dashboard(platform, owner) as dashboard, failing_documents(platform) as documents:
        documents.fails = overview, ("store", "sales")
        page = await dashboard.get(f"/dashboard/stores/{store_id}?days=7")
        assert "The sales could not be loaded" in page
        assert "No sales yet" not in page
        assert "request" not in page.partition("<main")[2], "a person sends no requests"
        assert f'href="/dashboard/stores/{store_id}?days=7">Try again' in page
        assert 'id="generation"' in page
        assert f'href="/dashboard/stores/{store_id}/orders"' in page
        documents.fails = overview, ("store",)
        gone = await dashboard.get(f"/dashboard/stores/{store_id}", status=503)
        assert f'href="/dashboard/stores/{store_id}/orders"' in gone


def _header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


Part = tuple[str, ...]


class FailingDocuments:
    """Documents of which one part cannot be read. They note the parts that are asked for."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.asked: set[tuple[str, Part]] = set()
        self.fails: tuple[str, Part] | None = None
        """The document and the part."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)

    async def run(self, document: str, variables: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        self.asked |= {(document, part) for part in parts_of(document)}
        if self.fails is None or self.fails[0] != document:
            return await self._documents.run(document, variables, **more)
        part = self.fails[1]
        error = {"message": AWAY, "path": [*part], "extensions": {"code": "UNAVAILABLE"}}
        return {"data": {part[0]: None}, "errors": [error]}


@asynccontextmanager
async def failing_documents(platform: Platform) -> AsyncIterator[FailingDocuments]:
    """Put documents that can fail behind a platform's dashboard."""
    shell = platform.app.state.dashboard
    sound = shell._backend
    shell._backend = replace(sound, documents=FailingDocuments(sound.documents))
    try:
        yield shell._backend.documents
    finally:
        shell._backend = sound


def parts_of(document: str) -> set[Part]:
    """Return the objects and lists below the roots of a query, by their paths."""
    (operation,) = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    if operation.operation is not OperationType.QUERY:
        return set()
    return {
        (name_of(root), name_of(field))
        for root in operation.selection_set.selections
        if isinstance(root, FieldNode) and root.selection_set is not None
        for field in root.selection_set.selections
        if isinstance(field, FieldNode)
        and field.selection_set is not None
        and name_of(field) not in {"nodes", "pageInfo"}
    }


def name_of(field: FieldNode) -> str:
    return (field.alias or field.name).value


@pytest.mark.long
async def test_an_error_in_any_part_of_any_page_leaves_the_rest_of_the_page(
    platform: Platform, owner: Merchant
) -> None:
    store_id = await a_shop(platform, owner, products=2)
    for product in await products_of(platform, owner, store_id):
        await an_order(platform, store_id, product, paid=True)
    async with a_dashboard(platform, owner) as dashboard, failing_documents(platform) as documents:
        failed = set[tuple[str, str]]()
        tried = set[tuple[str, Part]]()

        async def open_page(path: str) -> Iterable[str]:
            route = next(name for name, pattern in routes().items() if pattern.match(urlsplit(path).path))
            documents.fails, documents.asked = None, set()
            sound = await dashboard.client.get(path, follow_redirects=True)
            for document, part in sorted(documents.asked - tried):
                tried.add((document, part))
                documents.fails = document, part
                response = await dashboard.client.get(path, follow_redirects=True)
                assert response.status_code in {200, 503}, (path, part)
                assert 'aria-label="Dashboard"' in response.text, (path, part)
                if response.status_code != 200:
                    failed.add((route, ".".join(part)))
            return [unescape(each) for each in re.findall(r'href="(/dashboard[^"]*)"', sound.text)]

        async for _ in walk(open_page, ["/dashboard", f"/dashboard/stores/{store_id}"], never=NO_PAGES):
            pass
    assert len(tried) > 60
    assert failed == WHOLE
