"""Sends mails through any SMTP server."""

import re
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import aiosmtplib

from domain.kernel import Transient
from domain.mail.ports import Mail, MailServerRefused

TIMEOUT_SECONDS = 20.0
"""Time for each step of the conversation."""
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
_BAD_LOGIN = frozenset({530, 534, 535, 538})


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """A mail server's address and the log-in.

    ``smtps`` begins with TLS. ``smtp`` demands STARTTLS, except on this machine, where TLS protects nothing.
    """

    host: str
    port: int
    starts_with_tls: bool
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None
    """PEM file of the authorities that sign the server's certificate; the system's authorities if None."""

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @classmethod
    def at(
        cls, url: str, *, username: str | None = None, password: str | None = None, ca_file: Path | None = None
    ) -> "SmtpServer":
        """Return the server that a checked ``smtp://host:port`` or ``smtps://host:port`` names."""
        parts = urlsplit(url)
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname or "",
            port=parts.port or (465 if tls else 587),
            starts_with_tls=tls,
            username=username,
            password=password,
            ca_file=ca_file,
        )


class SmtpMailer:
    """Implements :class:`domain.mail.ports.Mailer`: one connection per mail, and no retry of its own."""

    def __init__(self, server: SmtpServer, *, sender: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._server, self._sender, self._timeout = server, sender, timeout_seconds

    async def send(self, mail: Mail) -> None:
        server, message = self._server, mail.message(self._sender)
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=self._timeout,
            use_tls=server.starts_with_tls,
            start_tls=None if server.is_local else not server.starts_with_tls,
            tls_context=ssl.create_default_context(cafile=None if server.ca_file is None else str(server.ca_file)),
        )
        who = f"the mail server {server.host}:{server.port}"
        try:
            async with client:
                if server.username is not None:
                    await client.login(server.username, server.password or "")
                await client.send_message(message, sender=self._sender, recipients=[mail.recipient])
        except aiosmtplib.SMTPRecipientsRefused as refused:
            raise _outcome(who, refused.recipients[0]) from None
        except aiosmtplib.SMTPResponseException as answer:
            raise _outcome(who, answer) from None
        except (TimeoutError, aiosmtplib.SMTPException, OSError) as error:
            # The exception's text may repeat the address, so only its type goes on.
            raise Transient(who, f"did not take a mail ({type(error).__name__})") from None


def _outcome(who: str, answer: aiosmtplib.SMTPResponseException) -> Exception:
    """Return what an answer of the server means: later, or never.

    A wrong log-in is an outage of the platform, although its code begins with 5: no mail may be given up because of it.
    """
    enhanced = _ENHANCED.match(answer.message or "")
    status = f"{answer.code} {enhanced[0]}" if enhanced else str(answer.code)
    if answer.code >= 500 and answer.code not in _BAD_LOGIN:
        return MailServerRefused(status)
    return Transient(who, f"answered {status}")
