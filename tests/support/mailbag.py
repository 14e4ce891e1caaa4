"""The mails about accounts that a gateway's log leads to, in a mailbox on disk."""

import re
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from consumers.policies.mail import KINDS
from domain.accounts.links import LinkSigner
from domain.mail.events import MailKind
from domain.mail.ports import Mail
from infra.adapters.mail.mailbox import MailboxMailer, StoredMail
from projections.merchants import queries
from projections.merchants.views import MerchantView
from projections.reading.scope import MerchantScope
from schemas.envelope import Envelope
from storefront.mail.account_writer import AccountMailWriter
from tests.support.platforms.gateway import Platform


class Mailbag:
    """Writes and delivers the mails of a platform without consumers."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        self._platform = platform
        self._box = MailboxMailer(folder, sender="zyenta@shops.example")
        deps = platform.deps
        self._writer = AccountMailWriter(
            self,
            deps.personal,
            self,
            accounts=deps.accounts,
            signer=LinkSigner(deps.link_secrets),
            dashboard_url="http://gateway.localhost/dashboard",
            mail_domain="shops.example",
            sandbox=True,
        )
        self._position = 0

    async def merchant(self, merchant_id: UUID) -> MerchantView | None:
        return await queries.merchant_by_id(self._platform.deps.reader, merchant_id, scope=MerchantScope(merchant_id))

    async def write(self, _kind: MailKind, _envelope: Envelope) -> Mail | None:
        return None

    async def mails(self, address: str) -> Sequence[StoredMail]:
        """Deliver what the log leads to since the last call, and return an address's mails, the newest first."""
        await self._platform.barrier.catch_up()
        async for batch in self._platform.log.scan(self._position):
            for raw in batch:
                envelope = raw.decode()
                for kind in KINDS.get(type(envelope.event), ()):
                    mail = await self._writer.write(kind, envelope)
                    if mail is not None:
                        await self._box.send(mail)
                self._position = raw.position
        return [mail for mail in await self._box.mails() if mail.recipient == address]

    async def token(self, address: str) -> str:
        """Return the token of the link in an address's newest mail."""
        newest = (await self.mails(address))[0]
        match = re.search(r"[?&]token=([\w-]+)", newest.text)
        assert match is not None, newest.text
        return match[1]
