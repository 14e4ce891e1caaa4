"""The gateway's dependencies: ports and values, wired by ``infra.bootstrap``."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from commands.ports import Dispatcher
from domain.accounts.keys import ApiKeys
from domain.accounts.links import AccountLinks
from domain.accounts.passkeys import PasskeyStore
from domain.accounts.ports import Accounts, RateLimits, RefreshTokens
from domain.accounts.second_factors import SecondFactorStore
from domain.accounts.sign_in import IdentityProvider, SignIns
from domain.kernel import Clock
from domain.media.ports import MediaStore, Uploads, stored_key
from domain.merchant.account_events import SignInProvider
from domain.merchant.events import SupplierProvider
from domain.merchant.ports import OwnKey, OwnKeyVault, OwnStripeKeys, StripeAccounts, SupplierVault, TaxSetup
from domain.order.evidence.files import CheckedFile, EvidenceFiles
from domain.order.ports import WebhookReader
from domain.privacy import PersonalData
from domain.signing import SigningSecrets
from domain.store.invitation_links import InvitationLinks
from domain.store.ports import BrandKit, NicheReader
from domain.subscription.plans import Plans
from domain.subscription.ports import PlanPayments
from gateway.auth.passwords import Passwords
from gateway.auth.sessions import RolesOf
from gateway.auth.tokens import SigningKeys
from gateway.known_stores import KnownStores
from gateway.log_ports import LogReader
from gateway.socket_limits import SocketLimits
from gateway.trusted_documents import TrustedDocuments
from infra.web.evidence_links import EvidenceLinks
from infra.web.preview_links import PreviewLinks
from projections.reading.consistency import Consistency
from projections.reading.paging import Reader
from projections.reading.time_travel import TimeTravel
from schemas.internal.readiness import Readiness

LoadKeys = Callable[[], Awaitable[SigningKeys]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKeyPorts:
    """What merchants' own keys at Stripe need."""

    vault: OwnKeyVault
    stripe: OwnStripeKeys
    webhooks: Callable[[OwnKey], WebhookReader]
    """Returns what verifies and reads the webhooks of a key's account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualGeneration:
    """What a generation of this installation takes."""

    seconds: int = 120
    """Until a store of usual size can be reviewed."""
    cost_usd_max: Decimal = Decimal(0)
    """The bound of what models may cost; 0 if only rules write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayDependencies:
    """The dependencies of ``create_app``."""

    commands: Dispatcher
    reader: Reader
    """A connection pool whose search path has the read models' schemas."""
    travel: TimeTravel
    """Reads as of an earlier position in the log."""
    history: LogReader
    barrier: Consistency
    clock: Clock

    accounts: Accounts
    account_links: AccountLinks
    second_factors: SecondFactorStore
    sign_ins: SignIns
    passkeys: PasskeyStore
    identity_providers: Mapping[SignInProvider, IdentityProvider] = field(default_factory=dict)
    """Other companies whose accounts log merchants in; empty if none are configured."""
    refresh_tokens: RefreshTokens
    api_keys: ApiKeys
    roles_of: RolesOf
    """A person's roles in stores of other merchants."""
    limits: RateLimits
    personal: PersonalData
    supplier_vault: SupplierVault
    suppliers: frozenset[SupplierProvider]
    """The suppliers that this installation can search. Merchants can connect only these."""
    niche_suggestions: Sequence[str] = ()
    """Niches that these suppliers serve well."""
    photo_origins: Sequence[str] = ()
    """Origins of the photos in suppliers' listings. The dashboard shows them beside what the studio made of them."""
    niches: NicheReader | None = None
    """Reads a niche before a store is requested: at once and free of charge."""
    usual_generation: UsualGeneration = field(default_factory=UsualGeneration)
    signing_keys: SigningKeys = field(repr=False)
    rotated_keys: LoadKeys | None = None
    """Returns the keys that count for access tokens now, after all rotations; None if ``signing_keys`` never change."""
    invitation_links: InvitationLinks
    secrets: SigningSecrets
    """Sign API keys and the dashboard's forms; keys of digests, such as those that rate limits are counted under."""
    link_secrets: SigningSecrets
    """Sign the links in mails about accounts."""
    passwords: Passwords = field(default_factory=Passwords)
    known_stores: KnownStores = field(default_factory=KnownStores)

    media: MediaStore
    uploads: Uploads | None = None
    """Addresses to which browsers send photos; None if this installation takes none."""
    check_photo: Callable[[bytes], str] | None = None
    """Returns a photo's MIME type, or raises ``UnusableImage``."""
    evidence_files: EvidenceFiles | None = None
    """Contents of files for disputes; None if this installation takes none."""
    check_evidence: Callable[[bytes], CheckedFile] | None = None
    """Returns what a file for a dispute is, or raises ``UnusableEvidence``."""
    evidence_links: EvidenceLinks | None = None
    """Signs addresses of files for disputes; None if this installation takes none."""
    payments: Mapping[str, WebhookReader]
    """Readers of payment webhooks by the provider name in their webhook address."""
    stripe: StripeAccounts | None = None
    """Merchants' accounts at Stripe; None if payments are a sandbox."""
    plans: Plans | None = None
    """The plans that merchants pay the platform for; None if none are sold, and nothing limits merchants."""
    plan_payments: PlanPayments | None = None
    """The provider that merchants pay the platform through; None if no plans are sold."""
    own_keys: OwnKeyPorts | None = None
    """Merchants' own keys at Stripe; None if payments are a sandbox."""
    tax_setup: TaxSetup | None = None
    """Asks whether Stripe can compute a merchant's taxes; None if payments are a sandbox."""
    readiness: Readiness
    brand_kit: BrandKit | None = None
    """What a brand can be made of; None if no brand is edited here."""

    sandbox: bool = True
    """Whether no real money moves; then publishing reports what is missing instead of refusing it."""
    platform_fee_basis_points: int = 500
    """The platform's share of a payment, in hundredths of a percent."""
    storefront_url: str = "http://{slug}.localhost:8001"
    """Address of a store's storefront. ``{slug}`` is replaced by its host label."""
    previews: PreviewLinks | None = None
    """Signs links to stores and drafts that shoppers do not see; None signs none."""
    public_url: str = ""
    """The gateway's public address. Empty means relative addresses."""
    cors_origins: Sequence[str] = ()
    """Origins whose pages may call the API; ``*`` for all. Cookies are not sent there, so such a page keeps its device token."""
    behind_proxy: bool = False
    """Whether to read the caller's network address from the last entry of ``X-Forwarded-For``."""
    introspection: bool = True
    """Whether clients may read the schema through GraphQL."""
    trusted_documents: TrustedDocuments | None = None
    """The only documents that clients may run; None for any."""
    rate_factor: float = 1.0
    """Multiplies the rate limits of ``gateway.rate_limits``; 0 switches them off."""
    rate_clock: Callable[[], float] = time.monotonic
    """Seconds of a clock that never goes back: the rate limits recover by it."""
    body_limit: int = 1_000_000
    """Maximum bytes of a request body."""
    socket_limits: SocketLimits = field(default_factory=SocketLimits)
    read_wait: timedelta = timedelta(seconds=5)
    """Maximum wait for a read model. The barrier's own timeout is usually shorter."""
    progress_poll: timedelta = timedelta(milliseconds=250)
    """Time between two polls of the generation feed."""

    def media_url(self, key: str) -> str:
        """Return the address from which a browser loads a media file."""
        url = self.media.url(key)
        return self.public_url.rstrip("/") + url if url.startswith("/") else url

    def photo_url(self, address: str) -> str:
        """Return the address from which a browser loads a photo as it came: an uploaded one is in the media store."""
        key = stored_key(address)
        return address if key is None else self.media_url(key)
