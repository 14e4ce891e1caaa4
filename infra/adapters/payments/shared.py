"""One payment gateway, whichever merchant is paid."""

from uuid import UUID

from domain.order.ports import PaymentGateway


class SharedGateway:
    """Implements :class:`domain.order.ports.PaymentGateways` where merchants need no account of their own."""

    def __init__(self, gateway: PaymentGateway) -> None:
        self._gateway = gateway

    async def of(self, merchant_id: UUID) -> PaymentGateway:  # noqa: ARG002 - the same for every merchant
        return self._gateway

    def at(self, account_id: str | None) -> PaymentGateway:  # noqa: ARG002 - the same for every account
        return self._gateway
