"""The dashboard over real HTTP, with a merchant who is logged in; the platform behind it needs no broker."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape

import httpx

from tests.support.platforms.gateway import PASSWORD, Merchant, Platform
from tests.support.servers.web_server import served

_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"')
Fields = Mapping[str, str | Sequence[str]]


@dataclass(slots=True, kw_only=True)
class Dashboard:
    """A browser's view of the dashboard, without the browser: cookies, pages and forms."""

    client: httpx.AsyncClient
    merchant: Merchant
    url: str

    async def get(self, path: str, *, status: int = 200) -> str:
        """Return a page."""
        response = await self.client.get(path)
        assert response.status_code == status, (response.status_code, response.headers.get("location"), response.text)
        return response.text

    async def submit(self, page: str, action: str, fields: Fields | None = None, **more: object) -> httpx.Response:
        """Load a page and post its form with this action, hidden fields included. Redirects are not followed."""
        form = form_of(await self.get(page), action)
        return await self.client.post(action, data={**form, **(fields or {})}, **more)  # type: ignore[arg-type]

    async def change(self, page: str, action: str, fields: Fields | None = None) -> str:
        """Submit a form that must be accepted, and return the page that it leads to."""
        response = await self.submit(page, action, fields)
        assert response.status_code == 303, (response.status_code, response.text)
        return await self.get(response.headers["location"])

    def cookies(self) -> list[dict[str, object]]:
        """Return the cookies as Playwright takes them."""
        return [
            {"name": each.name, "value": each.value, "domain": "127.0.0.1", "path": each.path, "httpOnly": True}
            for each in self.client.cookies.jar
        ]


def form_of(page: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form that posts to this action."""
    for attributes, content in _FORM.findall(page):
        if f'action="{action}"' in attributes and 'method="post"' in attributes:
            return {unescape(name): unescape(value) for name, value in _HIDDEN.findall(content)}
    raise AssertionError(f"the page has no form with the action {action}")


@asynccontextmanager
async def a_dashboard(platform: Platform, merchant: Merchant | None = None) -> AsyncIterator[Dashboard]:
    """Serve a platform's gateway on a free port and log a merchant in.

    Args:
        platform: the platform.
        merchant: a new one if None.
    """
    merchant = merchant or await platform.merchant()
    async with served(platform.app) as port:
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            dashboard = Dashboard(client=client, merchant=merchant, url=url)
            response = await dashboard.submit(
                "/dashboard/log-in", "/dashboard/log-in", {"email": merchant.email, "password": PASSWORD}
            )
            assert response.status_code == 303, response.text
            yield dashboard
