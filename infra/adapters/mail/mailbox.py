"""A mailbox in a folder, for a platform without a mail server: one ``.eml`` file per mail.

The files hold addresses in the clear, and erasing a shopper does not reach them. The sandbox is therefore their only place.
"""

import asyncio
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parsedate_to_datetime
from pathlib import Path

from domain.mail.ports import Mail

NAME = re.compile(r"[0-9A-Za-z.-]{1,200}@[0-9A-Za-z.-]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """A mail of the mailbox."""

    message_id: str
    sender: str
    recipient: str
    subject: str
    at: datetime
    text: str
    html: str


class MailboxMailer:
    """Implements :class:`domain.mail.ports.Mailer`. A mail with a known id is stored once.

    The folder is the index: a file's name is the mail's id, and its time is the mail's.
    """

    def __init__(self, folder: Path, *, sender: str) -> None:
        self._folder, self._sender = folder, sender

    async def send(self, mail: Mail) -> None:
        message = mail.message(self._sender)
        await asyncio.to_thread(self._store, mail.message_id, message.as_bytes(), mail.at.timestamp())

    def _store(self, message_id: str, content: bytes, at: float) -> None:
        path = self._path(message_id)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".part", delete=False) as part:
            part.write(content)
        os.utime(part.name, (at, at))
        try:
            Path(part.name).rename(path) if not path.exists() else Path(part.name).unlink()
        except FileExistsError:
            Path(part.name).unlink()

    async def mails(self, *, limit: int = 200) -> Sequence[StoredMail]:
        """Return the newest mails, the newest first."""
        return await asyncio.to_thread(self._newest, limit)

    async def mail(self, message_id: str) -> StoredMail | None:
        """Return a mail; None if the mailbox does not have it."""
        if not NAME.fullmatch(message_id) or not self._path(message_id).is_file():
            return None
        return await asyncio.to_thread(_read, self._path(message_id))

    def _newest(self, limit: int) -> Sequence[StoredMail]:
        paths = sorted(self._folder.glob("*.eml"), key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
        return [_read(path) for path in paths[:limit]]

    def _path(self, message_id: str) -> Path:
        if not NAME.fullmatch(message_id):
            raise ValueError(
                f"message_id is {message_id!r}, which cannot name a file. Use letters, digits and one “@”."
            )
        return self._folder / f"{message_id}.eml"


def _read(path: Path) -> StoredMail:
    message = message_from_bytes(path.read_bytes(), policy=SMTP)
    assert isinstance(message, EmailMessage)
    return StoredMail(
        message_id=path.stem,
        sender=str(message["From"]),
        recipient=str(message["To"]),
        subject=str(message["Subject"]),
        at=parsedate_to_datetime(str(message["Date"])),
        text=_body(message, "plain"),
        html=_body(message, "html"),
    )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content())
