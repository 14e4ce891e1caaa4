"""The mailbox's page: only its operator finds it, and a mail's words run nothing."""

from datetime import UTC, datetime
from pathlib import Path

import httpx

from domain.mail.ports import Mail
from infra.adapters.mail.mailbox import MailboxMailer
from infra.adapters.payments.sandbox import SandboxPayments
from infra.sandbox.app import sandbox_app
from infra.sandbox.mailbox.key import mailbox_key
from infra.web.server import guarded

SECRET = b"s" * 32


async def test_only_the_operator_sees_mails_and_their_words_run_nothing(tmp_path: Path) -> None:
    mailbox = MailboxMailer(tmp_path, sender="orders@shops.example")
    await mailbox.send(
        Mail(
            message_id="1@shops.example",
            sender_name="Fern <i>",
            recipient="anna@example.com",
            subject="Sold <script>",
            text="Hello <b>\n",
            html="<!doctype html><p>Hello</p>",
            at=datetime(2026, 11, 28, tzinfo=UTC),
        )
    )
    key = mailbox_key(SECRET)
    payments = SandboxPayments(SECRET, page_url="http://sandbox.test/pay")
    # As it is served: the edge redirects addresses that end in a slash.
    app = guarded(sandbox_app(payments, webhook_url="http://gateway.test/hook", mailbox=(mailbox, key)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox.test") as client:
        inbox = await client.get(f"/mail/{key}")
        assert "Sold &lt;script&gt;" in inbox.text
        assert f'href="/mail/{key}"' in (await client.get(f"/mail/{key}/1@shops.example")).text
        assert (await client.get(f"/mail/{key}/", follow_redirects=True)).text == inbox.text
        mail = await client.get(f"/mail/{key}/1@shops.example")
        assert "Hello &lt;b&gt;" in mail.text
        assert "<script" not in mail.text
        body = await client.get(f"/mail/{key}/1@shops.example/body")
        assert body.headers["content-security-policy"].startswith("sandbox allow-popups; default-src 'none'")
        other = mailbox_key(b"t" * 32)
        for path in (f"/mail/{other}", f"/mail/{other}/1@shops.example", f"/mail/{other}/1@shops.example/body"):
            refused = await client.get(path)
            assert refused.status_code == 404
            assert "anna" not in refused.text
        assert (await client.get(f"/mail/{key}/2@shops.example")).status_code == 404
    without = sandbox_app(payments, webhook_url="http://gateway.test/hook")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(without), base_url="http://sandbox.test") as client:
        assert (await client.get(f"/mail/{key}")).status_code == 404
