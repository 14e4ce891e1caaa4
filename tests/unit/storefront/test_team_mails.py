"""An invitation's mail names the store and the person, and its link opens exactly that invitation."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.mail.events import MailKind
from domain.mail.ports import Mail
from domain.signing import SigningSecrets
from domain.store.invitation_links import InvitationLinks
from domain.store.membership import InvitationInvalid
from domain.store.team_events import PersonInvited
from domain.team.roles import Role
from schemas.envelope import Envelope
from storefront.mail.team_writer import TeamMailWriter
from tests.support.fakes.vault import MemoryPersonalData

AT = datetime(2026, 11, 1, tzinfo=UTC)
STORE, OWNER, INVITATION = UUID(int=1), UUID(int=2), UUID(int=3)
LINKS = InvitationLinks(SigningSecrets([b"k" * 32]))


class Desk:
    """Implements the ports of the writer."""

    def __init__(self) -> None:
        self.personal = MemoryPersonalData()
        self.writer = TeamMailWriter(
            self,
            self.personal,
            self,
            LINKS,
            dashboard_url="http://shop.example/dashboard",
            mail_domain="d",
            sandbox=True,
        )
        self.passed_on: list[MailKind] = []

    async def store(self, store_id: UUID) -> Any:
        return SimpleNamespace(id=store_id, merchant_id=OWNER, name="Fern <b>& Co")

    async def merchant(self, merchant_id: UUID) -> Any:
        return SimpleNamespace(
            name=await self.personal.seal(merchant_id, "Ada"),
            email=await self.personal.seal(merchant_id, "a@b.example"),
        )

    async def write(self, kind: MailKind, envelope: Envelope) -> Mail | None:
        self.passed_on.append(kind)
        return None

    async def invitation(self) -> Envelope:
        event = PersonInvited(
            originator_id=STORE,
            originator_version=2,
            occurred_at=AT,
            invitation_id=INVITATION,
            email=await self.personal.seal(INVITATION, "eve@example.com"),
            role=Role.EDITOR,
            expires_at=AT + timedelta(days=7),
        )
        return Envelope(
            id=UUID(int=9), position=1, tenant=STORE, correlation_id=uuid4(), causation_id=None, recorded_at=AT,
            traceparent=None, event=event, hash=b"",
        )  # fmt: skip


async def test_an_invitation_says_who_invites_to_what() -> None:
    desk = Desk()
    mail = await desk.writer.write(MailKind.INVITATION, await desk.invitation())
    assert mail is not None
    assert (mail.recipient, mail.sender_name) == ("eve@example.com", "Zyenta")
    assert "Ada invites you to edit the store Fern <b>& Co." in mail.text
    assert "until 8 November 2026" in mail.text
    assert "Fern &lt;b&gt;&amp; Co" in mail.html
    assert "<b>&" not in mail.html
    found = re.search(r"http://shop\.example/dashboard/invitation\?token=(\S+)", mail.text)
    assert found is not None
    assert LINKS.read(found[1]) == (STORE, INVITATION)


async def test_no_mail_goes_to_an_address_that_was_erased() -> None:
    desk = Desk()
    envelope = await desk.invitation()
    await desk.personal.forget(INVITATION)
    assert await desk.writer.write(MailKind.INVITATION, envelope) is None


async def test_other_mails_are_passed_on() -> None:
    desk = Desk()
    envelope = replace(await desk.invitation())
    await desk.writer.write(MailKind.ORDER_SOLD, envelope)
    assert desk.passed_on == [MailKind.ORDER_SOLD]


@pytest.mark.parametrize(
    "token",
    ["", "x", "!", LINKS.token(STORE, INVITATION)[:-4], InvitationLinks(SigningSecrets([b"o"])).token(STORE, STORE)],
)
def test_a_forged_link_opens_nothing(token: str) -> None:
    with pytest.raises(InvitationInvalid):
        LINKS.read(token)
