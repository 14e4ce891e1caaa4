"""One server for every sandbox: the sample supplier at ``/``, the payment page at ``/pay``."""

from fastapi import FastAPI

from infra.adapters.payments.sandbox import SandboxPayments
from infra.sandbox.payments.app import sandbox_payment_app
from infra.sandbox.sample_supplier.app import sample_supplier_app


def sandbox_app(payments: SandboxPayments, *, webhook_url: str) -> FastAPI:
    """Return the server.

    Args:
        payments: the provider whose page is shown.
        webhook_url: where the page sends its webhooks.
    """
    app = sample_supplier_app()
    app.mount("/pay", sandbox_payment_app(payments, webhook_url=webhook_url))
    return app
