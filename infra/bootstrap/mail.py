"""What writes and delivers mails, wired."""
# ruff: noqa: PLC0415

from typing import TYPE_CHECKING

from infra.bootstrap.platform import Platform
from infra.settings import Settings

if TYPE_CHECKING:
    from commands.reactions import BusDispatch
    from consumers.ports import Consumer
    from domain.mail.ports import Mailer


async def mail_policy(platform: Platform, dispatch: "BusDispatch") -> "Consumer":
    """Return what sends mails."""
    from consumers.policies.mail import MailPolicy
    from domain.accounts.links import LinkSigner
    from domain.signing import SigningSecrets
    from domain.store.invitation_links import InvitationLinks
    from infra.adapters.postgres.accounts import PostgresAccounts
    from infra.bootstrap.platform import ACCOUNT_LINKS
    from storefront.mail.account_writer import AccountMailWriter
    from storefront.mail.platform_writer import PlatformMailWriter
    from storefront.mail.sources import MailSources
    from storefront.mail.team_writer import TeamMailWriter
    from storefront.mail.writer import StoreMailWriter, host_of
    from storefront.read_models import ReadModelMailQueries

    settings = platform.settings
    queries, personal = ReadModelMailQueries(await platform.readers()), await platform.personal()
    mail_domain = host_of(settings.storefront_domain)
    stores = StoreMailWriter(
        MailSources(
            queries=queries,
            personal=personal,
            clock=platform.clock,
            secrets=platform.keys().derive_each("storefront"),
            scheme=settings.storefront_scheme,
            public_domain=settings.storefront_domain,
            dashboard_url=f"{settings.gateway_url}/dashboard",
            mail_domain=mail_domain,
            sandbox=not platform.payments.is_live,
        )
    )
    plans = PlatformMailWriter(
        queries,
        personal,
        stores,
        plans=platform.payments.plans(),
        dashboard_url=f"{settings.gateway_url}/dashboard",
        mail_domain=mail_domain,
        sandbox=not platform.payments.is_live,
    )
    accounts = AccountMailWriter(
        queries,
        personal,
        plans,
        accounts=PostgresAccounts(await platform.pool()),
        signer=LinkSigner(SigningSecrets(platform.keys().derive_each(ACCOUNT_LINKS))),
        dashboard_url=f"{settings.gateway_url}/dashboard",
        mail_domain=mail_domain,
        sandbox=not platform.payments.is_live,
    )
    writer = TeamMailWriter(
        queries,
        personal,
        accounts,
        InvitationLinks(SigningSecrets(platform.keys().derive_each("invitations"))),
        dashboard_url=f"{settings.gateway_url}/dashboard",
        mail_domain=mail_domain,
        sandbox=not platform.payments.is_live,
    )
    return MailPolicy(dispatch, writer, mailer(settings), platform.clock)


def mailer(settings: Settings) -> "Mailer":
    """Return what delivers mails: the mail server, or a mailbox on disk without one."""
    from infra.adapters.mail.mailbox import MailboxMailer
    from infra.adapters.mail.smtp import SmtpMailer, SmtpServer

    if settings.smtp_url is None:
        return MailboxMailer(settings.mailbox_dir, sender=settings.mail_sender)
    username, password = settings.smtp_username, settings.smtp_password
    server = SmtpServer.at(
        settings.smtp_url,
        username=None if username is None else username.get_secret_value(),
        password=None if password is None else password.get_secret_value(),
        ca_file=settings.smtp_ca_file,
    )
    return SmtpMailer(server, sender=settings.mail_sender)
