"""The ledger of a store: balances of accounts, and the entries of a month."""

from datetime import datetime
from decimal import Decimal
from typing import Self

import strawberry

from domain.ledger.postings import Account, EntryKind
from gateway.graphql.types.money import MoneyType
from projections.sales.ledger_queries import AccountBalance, StatementLine


@strawberry.type(
    description="The balance of an account: debits less credits. In each currency all accounts sum to zero."
)
class LedgerBalance:
    account: Account
    amount: Decimal
    amount_money: MoneyType
    currency: str

    @classmethod
    def of(cls, view: AccountBalance) -> Self:
        return cls(
            account=view.account,
            amount=view.balance.decimal,
            amount_money=MoneyType.of(view.balance),
            currency=view.balance.currency,
        )


@strawberry.type(description="An entry of the ledger: a payment, a refund, a dispute.")
class LedgerEntry:
    at: datetime
    kind: EntryKind
    order_number: str | None
    reference: str = strawberry.field(description="The provider's id for the payment, refund or dispute.")
    amount: Decimal = strawberry.field(
        description="What it adds to the balance before fees. Negative if it takes away."
    )
    amount_money: MoneyType
    fee: Decimal = strawberry.field(description="Its fees. Negative if they came back.")
    fee_money: MoneyType
    net: Decimal = strawberry.field(description="What it adds to the balance.")
    net_money: MoneyType
    currency: str
    cursor: str = strawberry.field(description="The `after` of the entries that follow.")

    @classmethod
    def of(cls, view: StatementLine) -> Self:
        return cls(
            at=view.at,
            kind=view.kind,
            order_number=view.order_number,
            reference=view.reference,
            amount=view.amount.decimal,
            amount_money=MoneyType.of(view.amount),
            fee=view.fee.decimal,
            fee_money=MoneyType.of(view.fee),
            net=view.net.decimal,
            net_money=MoneyType.of(view.net),
            currency=view.amount.currency,
            cursor=view.cursor,
        )
