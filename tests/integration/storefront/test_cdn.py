"""Static files and media over a CDN."""

import re

import httpx

from tests.support.platforms.storefront import BRAND, StorefrontPlatform

CDN = "https://cdn.test"


async def test_pages_load_files_and_photos_from_the_cdn_that_the_policy_names(floor: StorefrontPlatform) -> None:
    await floor.stock(await floor.open_store("fern", BRAND), "Clay Pot", slug="pot")
    transport = httpx.ASGITransport(app=floor.app(cdn=CDN))
    async with httpx.AsyncClient(transport=transport, base_url="http://fern.shops.test") as browser:
        page = await browser.get("/products/pot")
        scripts = re.findall(r'<script type="module"[^>]* src="([^"]+)"', page.text)
        photos = re.findall(r'<img class="photo[^>]* src="([^"]+)"', page.text)
        assert scripts
        assert photos
        assert all(address.startswith(CDN) for address in (*scripts, *photos))
        policy = page.headers["content-security-policy"]
        for kind in ("style-src", "script-src", "font-src"):
            assert f"{kind} 'self' {CDN};" in policy
        assert f"img-src 'self' {CDN} data:;" in policy
        for address in (*scripts, *photos):
            # What the CDN fetches from us.
            file = await browser.get(address.removeprefix(CDN))
            assert file.status_code == 200
            assert "immutable" in file.headers["cache-control"]
        assert (await browser.get(scripts[0].removeprefix(CDN))).headers["access-control-allow-origin"] == "*"
