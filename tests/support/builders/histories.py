"""Valid histories for tests of read models: every event comes from a decision of the domain."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from domain.kernel import DomainError
from schemas.envelope import RawEvent
from tests.support.builders.moves import after_sales, merchants, orders, products, stores
from tests.support.builders.moves.log import HistoryLog


class History(HistoryLog):
    """A log in memory, written by moves that select their subjects by number."""

    def __init__(self, store_count: int = 2) -> None:
        super().__init__()
        for n in range(store_count):
            stores.request_store(self, n)

    def play(self, moves: Sequence[tuple[str, int]]) -> "History":
        """Make moves in turn. A move that the domain rejects appends nothing."""
        for name, number in moves:
            self.at += timedelta(seconds=1)
            try:
                MOVES[name](self, number)
            except DomainError:
                continue
        return self


def _later(log: HistoryLog, number: int) -> None:
    log.at += timedelta(hours=number % 30)


MOVES: dict[str, Callable[[HistoryLog, int], None]] = {
    "store": stores.change_standing,
    "domain": stores.change_domain,
    "presentation": stores.change_presentation,
    "selling": stores.change_selling,
    "request": stores.request_store,
    "supplier": merchants.change_supplier,
    "step": stores.work,
    "brand": stores.adopt_brand,
    "rebrand": stores.change_brand,
    "draft": stores.change_draft,
    "import": products.import_product,
    "add": products.add_product,
    "edit": products.change_product,
    "page": stores.change_page,
    "image": products.change_image,
    "order": orders.place_order,
    "payment": orders.change_payment,
    "after sale": after_sales.deliver_or_withdraw,
    "refund": after_sales.change_refund,
    "parcel": orders.change_parcel,
    "return": after_sales.change_return,
    "purchase": orders.buy_from_supplier,
    "bank": after_sales.report_of_bank,
    "account": merchants.change_account,
    "mail": orders.record_mail,
    "cart link": stores.request_cart_link,
    "stock notice": products.change_stock_notice,
    "later": _later,
}


def with_text(raw: RawEvent, old: bytes, new: bytes) -> RawEvent:
    """Return a stored event with another body. Its hash is then wrong, which read models do not check."""
    return msgspec.structs.replace(raw, data=raw.data.replace(old, new))
