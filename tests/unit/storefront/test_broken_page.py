"""The page of an unexpected error is as protected as every other page."""

from types import SimpleNamespace
from typing import Any

import httpx

from storefront.app import create_app


class BrokenQueries:
    """Every query fails as a bug would."""

    @property
    def present(self) -> "BrokenQueries":
        return self

    async def store_by_slug(self, _slug: str) -> Any:
        raise RuntimeError("a bug")


async def test_the_page_of_an_unexpected_error_has_security_headers() -> None:
    deps: Any = SimpleNamespace(
        rate_factor=0,
        rate_clock=lambda: 0.0,
        behind_proxy=False,
        queries=BrokenQueries(),
        base_domains=("localhost",),
        secrets=[b"s" * 32],
        page_cache_bytes=1_000,
        cdn="",
        sandbox=True,
        payment_origins=(),
        media_origins=(),
        media_url="/media/{}".format,
        scheme="https",
        **dict.fromkeys(("commands", "barrier", "payments", "personal", "media", "clock", "limits", "visits")),
    )
    transport = httpx.ASGITransport(app=create_app(deps), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://lamps.localhost") as browser:
        page = await browser.get("/")
    assert page.status_code == 500
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["strict-transport-security"]
    assert page.headers["x-content-type-options"] == "nosniff"
