"""The first page after a log-in: every store with its figures and what waits for the merchant."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from gateway.dashboard.parts import unless_failed
from gateway.dashboard.routing import area_router
from gateway.dashboard.visit import Visitor

router = area_router()


@router.get("/dashboard")
async def home(visit: Visitor) -> Response:
    """Show the merchant's stores. The first visit leads into the wizard."""
    found = await visit.run("overview/home", {"month": visit.now.strftime("%Y-%m")})
    stores = found["stores"]["nodes"]
    return visit.page(
        "home/index.html",
        stores=stores,
        total=found["stores"]["totalCount"],
        total_is_exact=found["stores"]["totalCountIsExact"],
        usage=found["me"]["usage"],
        sums=unless_failed(lambda: sums_of(stores)),
    )


def sums_of(stores: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the sums of the stores' sales by currency. Amounts of two currencies are not added."""
    sums: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(Decimal))
    for sales in (store["sales"] for store in stores if store["sales"] is not None):
        of_currency = sums[sales["currency"]]
        for name in ("ordersPaid", "ordersPlaced", "revenue", "refunds", "visits"):
            of_currency[name] += Decimal(str(sales[name]))
    return {currency: dict(values) for currency, values in sorted(sums.items())}
