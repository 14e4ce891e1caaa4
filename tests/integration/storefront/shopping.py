"""What a shopper does in the tests: fill a cart, fill in the form, go and pay."""

import base64
import re
from collections.abc import Mapping
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from domain.order.ports import PaymentConfirmed
from infra.adapters.payments.sandbox import SandboxSession
from storefront.visit.signing import Signer
from tests.support.platforms.storefront import Product, StorefrontPlatform

ANNA = {
    "name": "Anna Prüfer",
    "email": "anna@example.com",
    "line1": "Main St 1",
    "line2": "",
    "city": "Portland",
    "region": "Oregon",
    "postcode": "97201",
    "country": "US",
}


def hidden(page: httpx.Response, name: str) -> str:
    """Return a hidden field's value."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, f"the page has no field {name}"
    return found[1]


def former_cart(product: Product, quantity: int, signer: Signer, id: UUID) -> str:
    """Return the cookie of an earlier release, which holds the whole cart."""
    line = f"{_short(product.id)}{_short(product.variants[0])}{quantity}"
    return signer.seal(f"v2~{_short(id)}~{line}")


def _short(id: UUID) -> str:
    return base64.urlsafe_b64encode(id.bytes).rstrip(b"=").decode()


async def put_in_cart(
    browser: httpx.AsyncClient, product: Product, *, variant: int = 0, quantity: int = 1
) -> httpx.Response:
    page = await browser.get(f"/products/{product.slug}")
    form = {
        "csrf": hidden(page, "csrf"),
        "product": str(product.id),
        "variant": str(product.variants[variant]),
        "quantity": str(quantity),
    }
    return await browser.post("/cart/add", data=form)


async def checkout_form(browser: httpx.AsyncClient, **typed: str) -> dict[str, str]:
    page = await browser.get("/checkout")
    assert page.status_code == 200, page.headers.get("location")
    return {"csrf": hidden(page, "csrf"), "ticket": hidden(page, "ticket")} | ANNA | typed


async def to_payment(browser: httpx.AsyncClient, form: Mapping[str, str]) -> str:
    answer = await browser.post("/checkout", data=dict(form))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def session_at(floor: StorefrontPlatform, address: str) -> SandboxSession:
    assert address.startswith("http://payments.test/pay/"), address
    return floor.payments.read_session(address.rpartition("/")[2])


def notice_of(floor: StorefrontPlatform, session: SandboxSession) -> PaymentConfirmed:
    notice = floor.payments.read_body(floor.payments.paid_webhook(session))
    assert isinstance(notice, PaymentConfirmed)
    return notice


async def sitemap(browser: httpx.AsyncClient) -> str:
    """Return the whole sitemap that the store's robots.txt names: the index, and each part that the index names."""
    (address,) = re.findall(r"^Sitemap: (.+)$", (await browser.get("/robots.txt")).text, re.MULTILINE)
    index = (await browser.get(urlsplit(address).path)).text
    parts = [await browser.get(urlsplit(each).path) for each in re.findall(r"<sitemap><loc>(.+?)</loc>", index)]
    assert {part.status_code for part in parts} == {200}
    return index + "".join(part.text for part in parts)
