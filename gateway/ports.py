"""Everything the gateway needs from outside, in one place: ports and narrow values, wired by ``infra.bootstrap``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from commands.ports import Dispatcher
from domain.accounts.ports import Accounts, RateLimits, RefreshTokens
from domain.kernel import Clock
from domain.media.ports import MediaStore
from domain.merchant.events import SupplierProvider
from domain.merchant.ports import SupplierVault
from domain.order.ports import PaymentGateway
from domain.privacy import PersonalData
from gateway.auth.passwords import Passwords
from gateway.auth.tokens import SigningKeys
from gateway.socket_limits import SocketLimits
from projections.reading.consistency import Consistency
from projections.reading.paging import Reader
from projections.reading.time_travel import TimeTravel
from schemas.internal.readiness import Readiness


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayDependencies:
    """What ``create_app`` builds the gateway from."""

    commands: Dispatcher
    reader: Reader
    """A pool whose search path names the read models."""
    travel: TimeTravel
    """Reads as of an earlier place in the log."""
    barrier: Consistency
    clock: Clock

    accounts: Accounts
    refresh_tokens: RefreshTokens
    limits: RateLimits
    personal: PersonalData
    supplier_vault: SupplierVault
    suppliers: frozenset[SupplierProvider]
    """Whom this installation can search; nobody else can be connected."""
    signing_keys: SigningKeys = field(repr=False)
    limit_secret: bytes = field(repr=False)
    """Keys the digests under which rate limits are counted."""
    passwords: Passwords = field(default_factory=Passwords)

    media: MediaStore
    payments: Mapping[str, PaymentGateway]
    """Payment gateways by the name that stands in their webhook address."""
    readiness: Readiness

    storefront_url: str = "http://{slug}.localhost:8001"
    """Where a store's storefront is; ``{slug}`` stands for its host label."""
    public_url: str = ""
    """The gateway's own address as browsers see it; empty: relative addresses."""
    cors_origins: Sequence[str] = ()
    """Origins whose pages may call the API; ``*`` for all. No cookie travels there: a page elsewhere keeps its device token."""
    behind_proxy: bool = False
    """Whether the network address of callers is to be read from ``X-Forwarded-For`` (its last entry)."""
    body_limit: int = 1_000_000
    """Most bytes of a request body."""
    socket_limits: SocketLimits = field(default_factory=SocketLimits)
    read_wait: timedelta = timedelta(seconds=5)
    """Longest wait for a read model; the barrier's own bound usually comes first."""
    progress_poll: timedelta = timedelta(milliseconds=250)
    """How often a watched generation's read model is looked at, once for all its watchers."""

    def media_url(self, key: str) -> str:
        """Return where a browser loads a media store key from."""
        url = self.media.url(key)
        return self.public_url.rstrip("/") + url if url.startswith("/") else url
