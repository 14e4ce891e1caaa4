"""What every mailer promises: the mailbox on disk, and SMTP against a real server."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiosmtpd import smtp as aiosmtpd_smtp

from domain.kernel import Transient
from domain.mail.ports import Mail, Mailer, MailServerRefused
from infra.adapters.mail.mailbox import MailboxMailer
from infra.adapters.mail.smtp import SmtpMailer, SmtpServer

SENDER = "orders@shops.example"


def mail(recipient: str = "anna@example.com", **changes: Any) -> Mail:
    fields = {
        "message_id": "0123abcd@shops.example",
        "sender_name": "Fern & Söhne",
        "recipient": recipient,
        "reply_to": "hello@fern.example",
        "subject": "Your order ZY-7Q2M4K is confirmed — “thank you”",
        "text": "Grüße\nA line of text.\n",
        "html": "<!doctype html><p>Grüße &lt;b&gt;</p>",
        "at": datetime(2026, 11, 28, 12, 0, tzinfo=UTC),
    }
    return Mail(**{**fields, **changes})


class Answering:
    """An SMTP server's handler that keeps what it takes and answers recipients as their names say."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        answers = {"later": f"450 4.2.1 {address} is busy", "never": f"550 5.1.1 {address} is unknown"}
        refusal = answers.get(address.partition("@")[0])
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append(envelope.content)
        return "250 taken"


class Place(Protocol):
    """A mailer and what arrived through it."""

    mailer: Mailer

    def arrived(self) -> Sequence[EmailMessage]: ...


class OnDisk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mailer: Mailer = MailboxMailer(folder, sender=SENDER)

    def arrived(self) -> Sequence[EmailMessage]:
        return [parsed(path.read_bytes()) for path in self.folder.glob("*.eml")]


class OverSmtp:
    def __init__(self, handler: Answering, server: asyncio.Server) -> None:
        self.handler, self.server = handler, server
        self.port = server.sockets[0].getsockname()[1]
        self.mailer: Mailer = SmtpMailer(SmtpServer.at(f"smtp://127.0.0.1:{self.port}"), sender=SENDER)

    def arrived(self) -> Sequence[EmailMessage]:
        return [parsed(content) for content in self.handler.taken]


def parsed(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


@pytest.fixture
async def smtp() -> AsyncIterator[OverSmtp]:
    handler = Answering()
    server = await asyncio.get_running_loop().create_server(
        lambda: aiosmtpd_smtp.SMTP(handler, hostname="mail.example"), "127.0.0.1", 0
    )
    async with server:
        yield OverSmtp(handler, server)


@pytest.fixture(params=["mailbox", "smtp"])
def place(request: pytest.FixtureRequest, smtp: OverSmtp, tmp_path: Path) -> Place:
    return OnDisk(tmp_path / "mailbox") if request.param == "mailbox" else smtp


async def test_a_mail_arrives_with_both_bodies_and_its_id(place: Place) -> None:
    await place.mailer.send(mail())
    (arrived,) = place.arrived()
    assert arrived["Message-ID"] == "<0123abcd@shops.example>"
    assert arrived["Subject"] == "Your order ZY-7Q2M4K is confirmed — “thank you”"
    assert arrived["From"].addresses[0].display_name == "Fern & Söhne"
    assert arrived["From"].addresses[0].addr_spec == SENDER
    assert arrived["To"] == "anna@example.com"
    assert arrived["Reply-To"] == "hello@fern.example"
    assert arrived["Auto-Submitted"] == "auto-generated"
    bodies = {part.get_content_type(): part.get_content() for part in arrived.walk() if not part.is_multipart()}
    assert bodies["text/plain"].replace("\r\n", "\n") == mail().text
    assert bodies["text/html"].strip() == mail().html


async def test_a_line_break_in_a_name_begins_no_header(place: Place) -> None:
    await place.mailer.send(mail(sender_name="Fern\r\nBcc: eve@example.com", subject="One\nBcc: eve@example.com"))
    (arrived,) = place.arrived()
    assert arrived["Bcc"] is None
    assert arrived["Subject"] == "One Bcc: eve@example.com"


@pytest.mark.parametrize(
    "address", ["", "anna", "anna@", "a b@example.com", "anna@example.com\r\nBcc: eve@example.com"]
)
async def test_what_is_no_address_is_refused_without_showing_it(place: Place, address: str) -> None:
    with pytest.raises(MailServerRefused) as refused:
        await place.mailer.send(mail(address))
    assert place.arrived() == []
    assert "anna" not in str(refused.value)


async def test_the_mailbox_keeps_a_repeated_mail_once_and_lists_the_newest_first(tmp_path: Path) -> None:
    mailbox = MailboxMailer(tmp_path / "mailbox", sender=SENDER)
    assert await mailbox.mails() == []
    await mailbox.send(mail())
    await mailbox.send(mail())
    await mailbox.send(mail(message_id="4567@shops.example", at=datetime(2026, 11, 29, tzinfo=UTC)))
    assert [each.message_id for each in await mailbox.mails()] == ["4567@shops.example", "0123abcd@shops.example"]
    stored = await mailbox.mail("0123abcd@shops.example")
    assert stored is not None
    assert stored.subject == mail().subject
    assert await mailbox.mail("../secrets@x") is None
    assert (tmp_path / "mailbox").stat().st_mode & 0o077 == 0


async def test_a_busy_server_is_an_outage_and_an_unknown_recipient_is_a_refusal(smtp: OverSmtp) -> None:
    with pytest.raises(Transient, match=r"answered 450 4\.2\.1") as outage:
        await smtp.mailer.send(mail("later@example.com"))
    with pytest.raises(MailServerRefused, match=r"550 5\.1\.1") as refused:
        await smtp.mailer.send(mail("never@example.com"))
    assert "example.com" not in f"{outage.value} {refused.value}"
    assert smtp.arrived() == []


async def test_a_server_that_is_away_is_an_outage(smtp: OverSmtp) -> None:
    smtp.server.close()
    await smtp.server.wait_closed()
    with pytest.raises(Transient, match="did not take a mail"):
        await smtp.mailer.send(mail())


async def test_a_server_elsewhere_gets_no_mail_without_tls(smtp: OverSmtp) -> None:
    class Elsewhere(SmtpServer):
        is_local = False

    server = Elsewhere(host="127.0.0.1", port=smtp.port, starts_with_tls=False, username="me", password="secret")
    with pytest.raises(Transient):
        await SmtpMailer(server, sender=SENDER).send(mail())
    assert smtp.arrived() == []


def test_an_address_decides_about_tls() -> None:
    assert SmtpServer.at("smtps://mail.example").port == 465
    assert SmtpServer.at("smtps://mail.example").starts_with_tls
    assert SmtpServer.at("smtp://mail.example").port == 587
    assert [SmtpServer.at(f"smtp://{host}").is_local for host in ("localhost", "[::1]", "127.9.9.9", "10.0.0.1")] == [
        True,
        True,
        True,
        False,
    ]
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
