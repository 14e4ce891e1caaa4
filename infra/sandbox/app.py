"""One server for every sandbox: the sample supplier at ``/``, payment pages at ``/pay`` and ``/plan``, the mailbox at ``/mail``."""

from fastapi import FastAPI

from infra.adapters.mail.mailbox import MailboxMailer
from infra.adapters.payments.sandbox import SandboxPayments
from infra.adapters.payments.sandbox_plans import SandboxPlans
from infra.sandbox.mailbox.app import mailbox_app
from infra.sandbox.payments.app import sandbox_payment_app
from infra.sandbox.payments.plans import sandbox_plan_app
from infra.sandbox.sample_supplier.app import sample_supplier_app
from infra.sandbox.sample_supplier.shop import Shop


def sandbox_app(
    payments: SandboxPayments,
    *,
    webhook_url: str,
    plans: tuple[SandboxPlans, str] | None = None,
    mailbox: tuple[MailboxMailer, str] | None = None,
    shop: Shop | None = None,
) -> FastAPI:
    """Return the server.

    Args:
        payments: the provider whose page is shown.
        webhook_url: where the page sends its webhooks.
        plans: the provider of merchants' subscriptions to the platform, and where its pages send their webhooks; None if
            no plans are sold.
        mailbox: the mails and the key of their page; None for a platform with a mail server.
        shop: what the sample supplier remembers.
    """
    app = sample_supplier_app(shop=shop)
    app.mount("/pay", sandbox_payment_app(payments, webhook_url=webhook_url))
    if plans is not None:
        app.mount("/plan", sandbox_plan_app(plans[0], webhook_url=plans[1]))
    if mailbox is not None:
        app.mount("/mail", mailbox_app(mailbox[0], key=mailbox[1]))
    return app
