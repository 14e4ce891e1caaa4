"""The mail port: a message, and what delivers it."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol


class MailServerRefused(Exception):
    """The server will never take this mail. Retrying cannot help."""

    def __init__(self, status: str) -> None:
        super().__init__(f"The mail server refused the mail for good with {status}.")
        self.status = status
        """The status code, ``550 5.1.1``, without the server's text, which may contain the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to one person."""

    message_id: str
    """Without angle brackets. The same mail has the same id, so a repeat can be recognized."""
    sender_name: str
    recipient: str
    """The address. It is personal: it never enters a log line or an event."""
    reply_to: str | None = None
    unsubscribe_url: str | None = None
    """Where the recipient stops such mails with one click (RFC 8058); None for mails that an order needs."""
    subject: str
    text: str
    html: str
    """A whole document without remote content."""
    at: datetime

    def message(self, sender: str) -> EmailMessage:
        """Return the mail as MIME, from the address ``sender``.

        Raises:
            MailServerRefused: an address is not one.
        """
        message = EmailMessage(policy=SMTP)
        try:
            message["From"] = Address(display_name=_line(self.sender_name), addr_spec=sender)
            message["To"] = Address(addr_spec=self.recipient)
            if self.reply_to is not None:
                message["Reply-To"] = Address(addr_spec=self.reply_to)
        except (ValueError, IndexError) as error:
            raise MailServerRefused("an address that is not one") from error
        if self.unsubscribe_url is not None:
            message["List-Unsubscribe"] = f"<{self.unsubscribe_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message["Subject"] = _line(self.subject)
        message["Date"] = format_datetime(self.at)
        message["Message-ID"] = f"<{self.message_id}>"
        # Answering machines send nothing back to mails that say so (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text, cte="quoted-printable")
        message.add_alternative(self.html, subtype="html", cte="quoted-printable")
        return message


def _line(text: str) -> str:
    """Return a text as one line, since a line break in a header begins another header."""
    return " ".join(text.split())


class Mailer(Protocol):
    """Delivers mails. A mail with a known ``message_id`` may arrive once or twice, never changed."""

    async def send(self, mail: Mail) -> None:
        """Deliver a mail.

        Raises:
            MailServerRefused: refused permanently; retrying cannot help.
            Transient: the server is away or busy; retrying helps.
        """
        ...
