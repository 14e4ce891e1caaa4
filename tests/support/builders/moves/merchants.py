"""Moves of merchants and their accounts."""

from collections.abc import Sequence

from commands.account import (
    AccountCommand,
    ConfirmEmail,
    RecordPasswordChange,
    RecordRecoveryCodes,
    RecordRecoveryCodeUse,
    RecordSecondFactor,
    RecordSessionEnd,
    RecordSignInLink,
    RenameMerchant,
    RequestEmailConfirmation,
    RequestPasswordReset,
)
from domain.merchant import aggregate as merchants
from domain.merchant.account_events import SecondFactor, SignInProvider
from domain.merchant.events import StripeLink, SupplierProvider
from tests.support.builders.moves.log import HistoryLog
from tests.support.builders.samples import sealed


def change_supplier(log: HistoryLog, number: int) -> None:
    id = log.pick(log.merchants, number)
    merchant, provider = log.state(id), list(SupplierProvider)[number % 4]
    if provider in merchant.suppliers and number % 8 < 6:
        events = merchant.disconnect(provider, at=log.at)
    else:
        events = merchant.connect(provider, account_id=f"account-{number}" if number % 3 else None, at=log.at)
    log.append(merchants.MERCHANT, id, events)


def change_payment_account(log: HistoryLog, number: int) -> None:
    merchant_id = log.pick(log.merchants, number)
    merchant = log.state(merchant_id)
    if merchant.stripe is not None:
        events = merchant.disconnect_stripe(merchant.stripe.id, by_merchant=True, at=log.at)
    else:
        link = list(StripeLink)[number % 3]
        account_id = f"acct_{log.merchants.index(merchant_id)}_{number // 8 % 2}"
        events = merchant.connect_stripe(account_id, live=False, link=link, at=log.at)
    log.append(merchants.MERCHANT, merchant_id, events)


def change_account(log: HistoryLog, number: int) -> None:
    merchant_id = log.pick(log.merchants, number)
    email, link_id = sealed(merchant_id), log.new_id()
    commands: Sequence[AccountCommand] = (
        RequestEmailConfirmation(merchant_id=merchant_id, link_id=link_id, email=email),
        ConfirmEmail(merchant_id=merchant_id, email=email, former=email if number % 2 else None),
        RequestPasswordReset(merchant_id=merchant_id, link_id=link_id),
        RecordPasswordChange(merchant_id=merchant_id, by_link=number % 2 == 0),
        RecordSessionEnd(merchant_id=merchant_id, session_id=link_id if number % 2 else None),
        RecordSecondFactor(merchant_id=merchant_id, method=SecondFactor.TOTP, enabled=number % 2 == 0),
        RecordRecoveryCodes(merchant_id=merchant_id, count=10),
        RecordRecoveryCodeUse(merchant_id=merchant_id, left=number % 10),
        RecordSignInLink(merchant_id=merchant_id, provider=SignInProvider.GITHUB, linked=number % 2 == 0),
        RenameMerchant(merchant_id=merchant_id, name=None if number % 3 == 0 else sealed(merchant_id)),
    )
    event = commands[number % len(commands)].event(log.state(merchant_id), log.at)
    log.append(merchants.MERCHANT, merchant_id, (event,))
