"""The gateway, wired."""
# ruff: noqa: PLC0415

from functools import partial
from typing import TYPE_CHECKING

from infra.bootstrap.consumers import CONSUMERS, origin, supplier_catalogs
from infra.bootstrap.platform import ACCOUNT_LINKS, Platform
from infra.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg
    from fastapi import FastAPI

    from domain.accounts.sign_in import IdentityProvider
    from domain.accounts.signing_keys import SigningPeriods
    from domain.kernel import Clock
    from domain.merchant.account_events import SignInProvider
    from domain.order.evidence.files import CheckedFile
    from gateway.auth.tokens import SigningKeys
    from gateway.ports import UsualGeneration
    from infra.adapters.master_keys import MasterKeys
    from infra.log.readiness import PlatformReadiness


def signing_keys(keys: "MasterKeys") -> "SigningKeys":
    """Return the keys that sign access tokens."""
    from gateway.auth.tokens import SigningKeys

    return SigningKeys(active=keys.current, keys=keys.derive_by_id("access tokens"))


async def identity_providers(platform: Platform) -> "Mapping[SignInProvider, IdentityProvider]":
    """Return the companies whose accounts log merchants in: those with a client id and a secret."""
    from domain.merchant.account_events import SignInProvider
    from infra.adapters.sign_in.github import GitHubSignIn
    from infra.adapters.sign_in.google import GoogleSignIn
    from infra.adapters.sign_in.oauth import OAuthClient

    settings, found = platform.settings, {}
    clients = {
        SignInProvider.GOOGLE: (settings.google_client_id, settings.google_client_secret),
        SignInProvider.GITHUB: (settings.github_client_id, settings.github_client_secret),
    }
    for provider, (client_id, secret) in clients.items():
        if client_id is None or secret is None:
            continue
        client = OAuthClient(
            provider=provider, http=await platform.client(), client_id=client_id, secret=secret.get_secret_value()
        )
        found[provider] = (
            GoogleSignIn(client, issuer=settings.google_issuer)
            if provider is SignInProvider.GOOGLE
            else GitHubSignIn(client, site=settings.github_site, api=settings.github_api)
        )
    return found


async def rotated_keys(keys: "MasterKeys", periods: "SigningPeriods", clock: "Clock") -> "SigningKeys":
    """Return the keys that count for access tokens now, after all rotations."""
    from domain.accounts.signing_keys import keys_at
    from gateway.auth.tokens import SigningKeys

    first = signing_keys(keys)
    active, verifying = keys_at(await periods.all(), first.active, clock.now())
    secrets: dict[str, bytes] = {}
    for kid in verifying:
        if kid == first.active:
            secrets |= first.keys
        else:
            # A key is named after its master key too: under another one it is another key.
            derived = keys.derive_by_id(f"access tokens {kid}")
            secrets |= {f"{kid}.{master}": secret for master, secret in derived.items()}
    return SigningKeys(active=active if active == first.active else f"{active}.{keys.current}", keys=secrets)


async def gateway_app(platform: Platform, *, plans: bool = True) -> "FastAPI":
    """Return the gateway, wired.

    Args:
        platform: the parts.
        plans: see ``create_app``.
    """
    from domain.merchant.events import SupplierProvider
    from domain.signing import SigningSecrets
    from domain.store.invitation_links import InvitationLinks
    from gateway.app import create_app
    from gateway.ports import GatewayDependencies
    from gateway.trusted_documents import read_trusted_documents
    from infra.adapters.postgres.account_links import PostgresAccountLinks
    from infra.adapters.postgres.accounts import PostgresAccounts, PostgresRateLimits, PostgresRefreshTokens
    from infra.adapters.postgres.api_keys import PostgresApiKeys
    from infra.adapters.postgres.passkeys import PostgresPasskeys
    from infra.adapters.postgres.second_factors import PostgresSecondFactors
    from infra.adapters.postgres.sign_ins import PostgresSignIns
    from infra.adapters.postgres.signing_keys import PostgresSigningPeriods
    from infra.adapters.postgres.supplier_vault import PostgresSupplierVault
    from infra.adapters.postgres.team_roles import PostgresTeamRoles
    from infra.sandbox.sample_supplier.niches import niche_suggestions
    from infra.web.evidence_links import EvidenceLinks
    from infra.web.preview_links import PreviewLinks
    from infra.writers.brandkit.kit import DrawnBrandKit
    from infra.writers.rules.niche.reader import RuleNicheReader

    settings, pool, keys = platform.settings, await platform.pool(), platform.keys()
    suppliers = (await supplier_catalogs(platform)).providers
    return create_app(
        GatewayDependencies(
            commands=await platform.bus(),
            reader=await platform.reader(),
            travel=await platform.travel(),
            history=await platform.log(),
            barrier=await platform.barrier(),
            clock=platform.clock,
            accounts=PostgresAccounts(pool),
            account_links=PostgresAccountLinks(pool),
            second_factors=PostgresSecondFactors(pool, keys),
            sign_ins=PostgresSignIns(pool),
            passkeys=PostgresPasskeys(pool),
            identity_providers=await identity_providers(platform),
            refresh_tokens=PostgresRefreshTokens(pool),
            api_keys=PostgresApiKeys(pool),
            roles_of=PostgresTeamRoles(pool),
            limits=PostgresRateLimits(pool),
            personal=await platform.personal(),
            supplier_vault=PostgresSupplierVault(pool, keys),
            suppliers=suppliers,
            niche_suggestions=niche_suggestions() if SupplierProvider.SAMPLE in suppliers else (),
            photo_origins=(origin(settings.sandbox_url),) if SupplierProvider.SAMPLE in suppliers else (),
            niches=RuleNicheReader(),
            usual_generation=_usual_generation(settings),
            signing_keys=signing_keys(keys),
            rotated_keys=partial(rotated_keys, keys, PostgresSigningPeriods(pool), platform.clock),
            secrets=SigningSecrets(keys.derive_each("rate limits")),
            link_secrets=SigningSecrets(keys.derive_each(ACCOUNT_LINKS)),
            invitation_links=InvitationLinks(SigningSecrets(keys.derive_each("invitations"))),
            media=await platform.media(),
            uploads=await platform.uploads(),
            check_photo=_check_photo,
            evidence_files=await platform.evidence_files(),
            check_evidence=_check_evidence,
            evidence_links=EvidenceLinks(keys.derive_each("evidence files"), platform.clock),
            payments=platform.payments.webhooks(),
            stripe=await platform.payments.stripe_accounts(),
            own_keys=await platform.payments.own_key_ports(),
            tax_setup=await platform.payments.tax_setup(),
            plans=platform.payments.plans(),
            plan_payments=await platform.payments.plan_payments(),
            readiness=readiness(platform, pool),
            brand_kit=DrawnBrandKit(),
            sandbox=platform.payments.is_sandbox,
            platform_fee_basis_points=settings.platform_fee_basis_points,
            storefront_url=settings.storefront_url("{slug}"),
            previews=PreviewLinks(platform.keys().derive_each("preview"), platform.clock),
            public_url=settings.gateway_url,
            cors_origins=settings.cors_origins,
            introspection=settings.introspection,
            trusted_documents=None
            if settings.trusted_documents is None
            else read_trusted_documents(settings.trusted_documents),
            rate_factor=settings.rate_factor,
            behind_proxy=settings.behind_proxy,
        ),
        plans=plans,
    )


def _check_photo(data: bytes) -> str:
    # Decoders take ten megabytes of memory, and most gateways see no upload.
    from infra.adapters.media.photo_check import check_photo

    return check_photo(data)


def _check_evidence(data: bytes) -> "CheckedFile":
    from infra.adapters.media.evidence_check import check_evidence

    return check_evidence(data)


def _usual_generation(settings: Settings) -> "UsualGeneration":
    from gateway.ports import UsualGeneration
    from infra.bootstrap.writers import language_models

    if not language_models(settings):
        return UsualGeneration()
    return UsualGeneration(seconds=900, cost_usd_max=settings.generation_cost_budget)


def readiness(platform: Platform, pool: "asyncpg.Pool") -> "PlatformReadiness":
    """Return the readiness check of the whole platform: every component must show a canary."""
    from infra.log.readiness import Components, PlatformReadiness
    from projections.names import NAMES

    readers = (*(f"projector-{name}" for name in NAMES), *CONSUMERS)
    components = Components(readers=readers, roles=("gateway", "storefront", "deadlines"))
    return PlatformReadiness(pool, platform.settings.broker_address, components)
