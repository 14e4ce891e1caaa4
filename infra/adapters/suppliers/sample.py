"""The sample supplier's catalog over its HTTP API."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import quote

import httpx
from pydantic import AnyHttpUrl, BaseModel, Field, ValidationError

from domain.kernel import Transient
from domain.merchant.events import SupplierProvider
from domain.money import Money
from domain.order.after_sale.sourcing_events import SupplierOrderLine
from domain.order.purchase_ports import SupplierPurchase, TakenPurchase
from domain.order.sourcing_errors import SupplierRefused
from domain.sourcing.listing import Listing, ListingVariant
from infra.adapters.suppliers.merging import merge_results
from infra.retry import RetryPolicy, retry
from infra.web.http_clients import failure_of
from schemas.internal.call_meter import current_meter

SUPPLIER = "The sample supplier"
PAGE_SIZE = 50
PAGES_EACH = 4
"""The most pages read of one keyword."""
DEEP_KEYWORDS = 6
"""How many of the most specific keywords are read beyond their first page."""
AT_ONCE = 4
"""Requests in flight."""
RATE_LIMIT = RetryPolicy(attempts=4, first_pause=1.0, jitter=0.0, growth=1.0, longest_asked=5.0)
"""For a request beyond the rate limit: a search is many requests and must not begin again for one of them.

The caller retries every other outage, and waits for a longer pause.
"""
logger = logging.getLogger(__name__)

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


class _Amount(BaseModel):
    amount: Annotated[Decimal, Field(ge=0, le=1_000_000)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]

    @property
    def money(self) -> Money:
        return Money.parse(self.amount, self.currency)


class _Rating(BaseModel):
    average: Annotated[float, Field(ge=0, le=5)]
    count: Annotated[int, Field(ge=0)]


class _Shipping(BaseModel):
    fee: _Amount
    min_days: Annotated[int, Field(alias="minDays")]
    max_days: Annotated[int, Field(alias="maxDays")]


class _Image(BaseModel):
    url: AnyHttpUrl
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]


class _Sku(BaseModel):
    sku: str
    name: str
    attributes: dict[str, str] = Field(default_factory=dict)
    price: _Amount
    available: Annotated[int, Field(ge=0)]


class _Item(BaseModel):
    id: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)]
    description: str
    category: str
    keywords: list[str]
    attributes: dict[str, str] = Field(default_factory=dict)
    link: str
    price: _Amount
    retail: Annotated[_Amount | None, Field(alias="suggestedRetailPrice")]
    rating: _Rating | None
    sold: Annotated[int | None, Field(ge=0)]
    shipping: _Shipping
    images: list[_Image]
    skus: Annotated[list[_Sku], Field(min_length=1)]

    @property
    def listing(self) -> Listing:
        """The item as a listing."""
        rating, variants = self.rating, self.skus
        return Listing(
            provider=SupplierProvider.SAMPLE,
            source_id=self.id,
            url=self.link,
            title=self.name,
            description=self.description,
            category=self.category,
            tags=self.keywords,
            attributes=self.attributes,
            cost=self.price.money,
            market_price=None if self.retail is None else self.retail.money,
            rating=None if rating is None else rating.average,
            review_count=0 if rating is None else rating.count,
            order_count=self.sold,
            shipping_days=(self.shipping.min_days, self.shipping.max_days),
            shipping_cost=self.shipping.fee.money,
            image_urls=[str(image.url) for image in self.images],
            image_sizes=[(image.width, image.height) for image in self.images],
            variants=[
                ListingVariant(
                    sku=sku.sku,
                    title=sku.name,
                    options=sku.attributes,
                    cost=sku.price.money,
                    stock=sku.available,
                )
                for sku in variants
            ],
        )


class _PlacedLine(BaseModel):
    quantity: Annotated[int, Field(ge=1)]


class _Placed(BaseModel):
    id: Annotated[str, Field(min_length=1, max_length=100)]
    lines: list[_PlacedLine]


class _Refusal(BaseModel):
    detail: str


class _Page(BaseModel):
    total: Annotated[int, Field(ge=0)]
    page: Annotated[int, Field(ge=1)]
    pages: Annotated[int, Field(ge=0)]
    items: list[Any]

    @property
    def readable(self) -> Sequence[_Item]:
        """The items that can be read. One bad item does not hide the others.

        Raises:
            ValidationError: no item can be read.
        """
        found, errors = [], []
        for number, item in enumerate(self.items):
            try:
                found.append(_Item.model_validate(item))
            except ValidationError as error:
                errors.append(error)
                logger.warning("Item %d of a page cannot be read: %s", number, _what(error))
        if errors and not found:
            raise errors[0]
        return found


class SampleSupplier:
    """Implements :class:`domain.sourcing.ports.SupplierCatalog`.

    Args:
        base_url: the sample supplier's address, without ``/v1``.
        client: for all requests; the caller closes it.
        key: the API key.
        timeout: limit of one request in seconds.
        retries: for a request beyond the rate limit.
        sleep: waits some seconds; tests pass one that returns at once.
    """

    def __init__(
        self,
        base_url: str,
        client: httpx.AsyncClient,
        *,
        key: str = "sample-supplier-sandbox",
        timeout: float = 10.0,
        retries: RetryPolicy = RATE_LIMIT,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._client = client
        self._headers = {"X-Api-Key": key}
        self._timeout = timeout
        self._retries = retries
        self._sleep = sleep

    @property
    def provider(self) -> SupplierProvider:
        return SupplierProvider.SAMPLE

    async def search(self, keywords: Sequence[str], *, limit: int) -> Sequence[Listing]:
        """See :meth:`domain.sourcing.ports.SupplierCatalog.search`.

        The first page of every keyword is read. While there are fewer than ``limit`` listings, further pages of the most
        specific keywords follow.
        """
        distinct = list(dict.fromkeys(keyword.strip() for keyword in keywords if keyword.strip()))
        if not distinct or limit < 1:
            return []
        at_once = asyncio.Semaphore(AT_ONCE)
        results: list[list[Listing]] = [[] for _ in distinct]
        last_pages = [1] * len(distinct)
        for page in range(1, PAGES_EACH + 1):
            open_keywords = [
                n for n in range(len(distinct)) if page <= last_pages[n] and (page == 1 or n < DEEP_KEYWORDS)
            ]
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = {n: group.create_task(self._page(distinct[n], page, at_once)) for n in open_keywords}
            except* Transient as errors:
                raise _most_patient(errors) from None
            for n, task in tasks.items():
                result, items = task.result()
                results[n].extend(item.listing for item in items)
                last_pages[n] = result.pages
            if len({listing.source_id for result in results for listing in result}) >= limit:
                break
        return merge_results(results, limit=limit)

    async def find(self, source_id: str) -> Listing | None:
        """See :meth:`domain.sourcing.ports.SupplierCatalog.find`."""
        try:
            response = await self._get(f"/v1/products/{quote(source_id, safe='')}", {})
        except _Unknown:
            return None
        try:
            return _Item.model_validate_json(response.content).listing
        except ValidationError as error:
            raise Transient(SUPPLIER, f"sent an invalid answer ({_what(error)})") from error

    async def place(self, order: SupplierPurchase) -> TakenPurchase:
        """See :meth:`domain.order.purchase_ports.SupplierOrders.place`."""
        body = {
            "reference": order.number,
            "shipTo": {"name": order.recipient, **order.address},
            "lines": [_line(line) for line in order.lines],
        }
        headers = {**self._headers, "Idempotency-Key": order.idempotency_key}
        response = await self._send(
            lambda: self._client.post(f"{self._base_url}/v1/orders", json=body, headers=headers, timeout=self._timeout)
        )
        if response.status_code in {httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY}:
            raise SupplierRefused(f"The sample supplier does not take the order: {_detail(response)}")
        if response.status_code not in {httpx.codes.OK, httpx.codes.CREATED}:
            raise _refused(response, _retry_after(response))
        try:
            placed = _Placed.model_validate_json(response.content)
        except ValidationError as error:
            raise Transient(SUPPLIER, f"sent an invalid answer ({_what(error)})") from error
        return TakenPurchase(external_id=placed.id, pieces=sum(line.quantity for line in placed.lines))

    async def _page(self, keyword: str, page: int, at_once: asyncio.Semaphore) -> tuple[_Page, Sequence[_Item]]:
        params: dict[str, str | int] = {"keyword": keyword[:200], "page": page, "size": PAGE_SIZE}
        async with at_once:
            response = await self._get("/v1/products", params)
        try:
            result = _Page.model_validate_json(response.content)
            items = result.readable
        except ValidationError as error:
            raise Transient(SUPPLIER, f"sent an invalid answer ({_what(error)})") from error
        return result, items

    async def _get(self, path: str, params: dict[str, str | int]) -> httpx.Response:
        return await retry(
            lambda: self._get_once(path, params),
            self._retries,
            may_pass=lambda outage: isinstance(outage, _RateLimited),
            sleep=self._sleep,
        )

    async def _get_once(self, path: str, params: dict[str, str | int]) -> httpx.Response:
        current_meter().requests += 1
        response = await self._send(
            lambda: self._client.get(self._base_url + path, params=params, headers=self._headers, timeout=self._timeout)
        )
        if response.status_code == httpx.codes.OK:
            return response
        if response.status_code == httpx.codes.NOT_FOUND:
            raise _Unknown
        raise _refused(response, _retry_after(response))

    async def _send(self, call: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        try:
            return await call()
        except httpx.TimeoutException as error:
            raise Transient(SUPPLIER, f"did not answer within {self._timeout:g} seconds at {self._base_url}") from error
        except httpx.HTTPError as error:
            raise Transient(SUPPLIER, f"could not be reached at {self._base_url} ({failure_of(error)})") from error


def _line(line: SupplierOrderLine) -> dict[str, Any]:
    asked = {"product": line.source_id, "sku": line.sku, "quantity": line.quantity}
    limit = line.price_limit
    return asked if limit is None or limit.currency != "USD" else {**asked, "mostCents": limit.minor}


def _what(error: ValidationError) -> str:
    """Return where the first fault is and what it is, without the value."""
    what = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in what["loc"]) or "the body"
    return f"{where}: {what['msg']}"


def _detail(response: httpx.Response) -> str:
    """Return why the supplier refused, in its words, shortened."""
    try:
        return str(_Refusal.model_validate_json(response.content).detail)[:300]
    except ValidationError:
        return f"error {response.status_code}"


class _Unknown(Exception):
    """The supplier has no such thing."""


class _RateLimited(Transient):
    """The supplier allows no more requests for some seconds."""


def _retry_after(response: httpx.Response) -> float:
    """Return the seconds in the header; 1 if it is missing or a date, which suppliers do not send."""
    text = response.headers.get("Retry-After", "")
    return min(3600.0, float(text)) if text.isdecimal() else 1.0


def _refused(response: httpx.Response, wait: float) -> Transient:
    status = response.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return _RateLimited(SUPPLIER, f"allows no more requests for {wait:g} seconds", retry_after=wait)
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return Transient(SUPPLIER, "does not accept our key; check it in the supplier settings")
    if status in BUSY:
        after = wait if "Retry-After" in response.headers else None
        return Transient(SUPPLIER, f"answered with error {status}", retry_after=after)
    return Transient(SUPPLIER, f"answered with the unexpected status {status}")


def _most_patient(errors: BaseExceptionGroup[Transient]) -> Transient:
    """Return the error that says most: retries used up first, then the longest wait."""
    flat: list[Transient] = []
    for error in errors.exceptions:
        flat.extend([_most_patient(error)] if isinstance(error, BaseExceptionGroup) else [error])
    return max(flat, key=lambda error: (error.attempts, error.retry_after or 0.0))
