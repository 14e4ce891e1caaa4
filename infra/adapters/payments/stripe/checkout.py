"""Stripe Checkout as a payment gateway: direct charges on the merchant's own account, with the platform's fee."""

from collections.abc import Awaitable, Callable
from typing import Literal
from uuid import UUID

import stripe
from stripe.params import CouponCreateParams, CustomerCreateParams, CustomerCreateParamsShippingAddress
from stripe.params.checkout import (
    SessionCreateParams,
    SessionCreateParamsLineItem,
    SessionCreateParamsLineItemPriceData,
    SessionCreateParamsLineItemPriceDataProductData,
    SessionCreateParamsPaymentIntentData,
    SessionCreateParamsShippingOption,
    SessionCreateParamsShippingOptionShippingRateData,
)

from domain.kernel import Transient
from domain.money import Money
from domain.order.errors import PaymentsNotReady
from domain.order.events import OrderLine
from domain.order.ports import PaymentGateway, PaymentRequest, PaymentSession, Recipient
from domain.store.taxes import GENERAL_GOODS, OrderTax, TaxKind
from infra.adapters.payments.stripe.client import NAME, WHO, AccountGone, NotThere, OwnKeys, StripeRefused, ask, create
from infra.adapters.payments.stripe.currencies import rounded_down, to_stripe

NAME_MAX = 250
"""Most characters of a line's name."""
COUPON_NAME_MAX = 40
SHIPPING_TAX_CODE = "txcd_92010001"
"""Stripe's code of delivery."""


class StripeCheckout:
    """Implements :class:`domain.order.ports.PaymentGateway` for one merchant's account."""

    def __init__(self, client: stripe.StripeClient, account_id: str, own_keys: OwnKeys | None = None) -> None:
        """Take the client.

        Args:
            client: sends requests about the account.
            account_id: the merchant's.
            own_keys: says whether the merchant gave an own key. Stripe then takes no fee for the platform.
        """
        self._client = client
        self._account_id = account_id
        self._own_keys = own_keys

    @property
    def name(self) -> str:
        return NAME

    async def open_session(self, request: PaymentRequest) -> PaymentSession:
        """Open a page at Stripe; the same idempotency key gives the same page.

        Raises:
            NotChargeable: Stripe has no exact number for the amount.
            StripeRefused: Stripe refused it; retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        # Rounded in the merchant's favor where Stripe knows fewer decimal places.
        fee = rounded_down(request.platform_fee)
        metadata = {
            "order_id": str(request.order_id),
            "store_id": str(request.store_id),
            "platform_fee": str(fee.minor),
        }
        intent: SessionCreateParamsPaymentIntentData = {
            "metadata": metadata,
            "description": f"{request.store_name}, order {request.order_number}",
        }
        is_owed = await self._has_own_key()
        if fee.minor and not is_owed:
            # Stripe refuses a fee of zero.
            intent["application_fee_amount"] = to_stripe(fee)
        params: SessionCreateParams = {
            "mode": "payment",
            # Cards and their wallets pay at once. For a method that pays days later, stock would wait as long.
            "allowed_payment_method_types": ["card"],
            "line_items": _lines(request),
            "payment_intent_data": intent,
            "client_reference_id": str(request.order_id),
            "metadata": metadata,
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
            "expires_at": int(request.expires_at.timestamp()),
        }
        if request.shipping is not None and request.shipping.minor:
            params["shipping_options"] = [_shipping(request.shipping, request.taxes)]
        if _computes(request.taxes):
            params["automatic_tax"] = {"enabled": True, "liability": {"type": "self"}}
            if request.recipient is not None:
                # Tax depends on where the goods go. Without this, Stripe asks for a billing address.
                params["customer"] = await self._customer(request, request.recipient)
        if request.discount is not None and request.discount.minor:
            params["discounts"] = [{"coupon": await self._coupon(request, request.discount)}]
        session = await create(
            lambda key: self._client.v1.checkout.sessions.create_async(params=params, options=self._with(key)),
            request.idempotency_key,
        )
        if session.url is None:
            raise Transient(WHO, "it opened a page without an address")
        return PaymentSession(
            provider=NAME,
            session_id=session.id,
            url=session.url,
            account_id=self._account_id,
            owed_fee=fee if is_owed else None,
            taken_fee=None if is_owed else fee,
        )

    async def _has_own_key(self) -> bool:
        return self._own_keys is not None and await self._own_keys.key_of(self._account_id) is not None

    async def close_session(self, session_id: str) -> bool:
        """Close a page at Stripe; return False if it was paid. True if this account has no such page.

        Raises:
            StripeRefused: Stripe refused it; retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        sessions, account = self._client.v1.checkout.sessions, self._account_id
        try:
            await ask(sessions.expire_async(session_id, options={"stripe_account": account}))
        except AccountGone:
            raise
        except NotThere:
            return True
        except StripeRefused:
            # Only an open page can be closed; the state says why this one cannot.
            session = await ask(sessions.retrieve_async(session_id, options={"stripe_account": account}))
            if session.status == "open":
                raise
            return session.status == "expired"
        return True

    async def _customer(self, request: PaymentRequest, recipient: Recipient) -> str:
        """Create a customer for this order alone at the merchant's account, with the address of the delivery."""
        address: CustomerCreateParamsShippingAddress = {
            "line1": recipient.line1,
            "line2": recipient.line2,
            "city": recipient.city,
            "state": recipient.region,
            "postal_code": recipient.postcode,
            "country": recipient.country,
        }
        params: CustomerCreateParams = {
            "name": recipient.name,
            "shipping": {"name": recipient.name, "address": address},
            "metadata": {"order_id": str(request.order_id), "store_id": str(request.store_id)},
        }
        customer = await create(
            lambda key: self._client.v1.customers.create_async(params=params, options=self._with(key)),
            f"{request.idempotency_key}:customer",
        )
        return customer.id

    async def _coupon(self, request: PaymentRequest, off: Money) -> str:
        """Create a coupon for this order alone at the merchant's account. Stripe takes it off the lines, not the delivery."""
        params: CouponCreateParams = {
            "amount_off": to_stripe(off),
            "currency": off.currency.lower(),
            "duration": "once",
            "max_redemptions": 1,
            "name": f"Code {request.discount_code}"[:COUPON_NAME_MAX],
        }
        coupon = await create(
            lambda key: self._client.v1.coupons.create_async(params=params, options=self._with(key)),
            f"{request.idempotency_key}:coupon",
        )
        return coupon.id

    def _with(self, key: str) -> stripe.RequestOptions:
        return {"stripe_account": self._account_id, "idempotency_key": key}


class StripeGateways:
    """Implements :class:`domain.order.ports.PaymentGateways`: each merchant is paid on their own account."""

    def __init__(
        self,
        client: stripe.StripeClient,
        accounts: Callable[[UUID], Awaitable[str | None]],
        own_keys: OwnKeys | None = None,
    ) -> None:
        """Take the platform's client, what returns a merchant's account if it can be paid, else None, and own keys."""
        self._client = client
        self._accounts = accounts
        self._own_keys = own_keys

    async def of(self, merchant_id: UUID) -> PaymentGateway:
        """Return the gateway of a merchant's account.

        Raises:
            PaymentsNotReady: the merchant has none that can be paid.
        """
        account_id = await self._accounts(merchant_id)
        if account_id is None:
            raise PaymentsNotReady
        return StripeCheckout(self._client, account_id, self._own_keys)

    def at(self, account_id: str | None) -> PaymentGateway | None:
        """Return the gateway of an account, connected or former."""
        return None if account_id is None else StripeCheckout(self._client, account_id, self._own_keys)


def _lines(request: PaymentRequest) -> "list[SessionCreateParamsLineItem]":
    lines = [_line(_title(line), line.unit_price, line.quantity, request.taxes) for line in request.lines]
    zero = Money.zero(request.total.currency)
    goods = Money.total((line.total for line in request.lines), request.total.currency)
    tax = request.total - (goods - (request.discount or zero) + (request.shipping or zero))
    if tax.minor:
        lines.append(_line("Tax", tax, 1, None))
    return lines


def _computes(taxes: OrderTax | None) -> bool:
    """Whether Stripe computes the tax."""
    return taxes is not None and taxes.kind is not TaxKind.INCLUDED


def _behavior(taxes: OrderTax) -> Literal["inclusive", "exclusive"]:
    return "inclusive" if taxes.kind is TaxKind.INCLUDED_AT_PAYMENT else "exclusive"


def _shipping(price: Money, taxes: OrderTax | None) -> "SessionCreateParamsShippingOption":
    rate: SessionCreateParamsShippingOptionShippingRateData = {
        "type": "fixed_amount",
        "display_name": "Delivery",
        "fixed_amount": {"amount": to_stripe(price), "currency": price.currency.lower()},
    }
    if taxes is not None and _computes(taxes):
        rate["tax_behavior"], rate["tax_code"] = _behavior(taxes), SHIPPING_TAX_CODE
    return {"shipping_rate_data": rate}


def _line(name: str, price: Money, quantity: int, taxes: OrderTax | None) -> "SessionCreateParamsLineItem":
    product: SessionCreateParamsLineItemPriceDataProductData = {"name": name[:NAME_MAX]}
    data: SessionCreateParamsLineItemPriceData = {
        "currency": price.currency.lower(),
        "unit_amount": to_stripe(price),
        "product_data": product,
    }
    if taxes is not None and _computes(taxes):
        data["tax_behavior"], product["tax_code"] = _behavior(taxes), taxes.code or GENERAL_GOODS
    return {"quantity": quantity, "price_data": data}


def _title(line: OrderLine) -> str:
    return line.title if line.variant_title in {"", "Default"} else f"{line.title} · {line.variant_title}"
