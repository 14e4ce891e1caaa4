"""Finds the store of a request by its host, and by nothing else."""

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from domain.store.events import StoreStatus
from projections.catalog.views import StoreView
from projections.reading.revisions import Revision
from storefront.ports import StorefrontQueries
from storefront.visit.errors import StoreClosed, UnknownHost
from storefront.visit.revision_reader import RevisionReader

HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\.?")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
CLOSED = frozenset({StoreStatus.PAUSED, StoreStatus.ARCHIVED})
"""Statuses of stores that sell nothing, for now or for good. They keep their orders and content pages."""


def bare_host(header: str) -> str:
    """Return the host of a ``Host`` header without its port, in lower case; empty if it is invalid."""
    host = header.strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    name, _, port = host.partition(":")
    if port and not (port.isascii() and port.isdecimal()):
        return ""
    return name.removesuffix(".") if name and HOST.fullmatch(name) else ""


def is_same_host(origin: str, host: str) -> bool:
    """Whether an ``Origin`` names the host of the request, whatever the case, the root dot and a default port."""
    try:
        sender, receiver = urlsplit(origin), urlsplit(f"//{host}")
        default = {"http": 80, "https": 443}.get(sender.scheme)
        ports = (sender.port or default, receiver.port or default)
    except ValueError:
        return False
    name = bare_host(sender.netloc)
    return name != "" and name == bare_host(host) and ports[0] == ports[1]


@dataclass(frozen=True, slots=True)
class KnownStore:
    """A store as it is now."""

    store: StoreView
    revision: Revision | None
    """Of everything that its pages show, orders aside; None if it is not open, and nothing of it is kept."""


class Tenancy:
    """Finds stores by host.

    Open stores are kept with their revision, which every request compares with the present one. Of too many stores, the
    longest unused one is dropped. Other hosts are looked up for each request, so unknown hosts take no memory.
    """

    def __init__(
        self, queries: StorefrontQueries, *, base_domains: Sequence[str] = ("localhost",), most: int = 1_000
    ) -> None:
        # Kept stores and revisions are those of the present, not of the moment that one request reads.
        self._queries, self._present = queries, queries.present
        self._revisions = RevisionReader(self._present)
        bases = [bare_host(domain) for domain in base_domains]
        self._suffixes = tuple("." + base for base in bases)
        self._platform = LOOPBACK | set(bases)
        self._most = most
        self._seen: OrderedDict[str, KnownStore] = OrderedDict()

    def is_platform(self, host: str) -> bool:
        """Whether this is the platform's own address."""
        return host in self._platform

    def is_public_platform(self, host: str) -> bool:
        """Whether this is the platform's own address on the internet."""
        return host in self._platform - LOOPBACK

    def may_be_store(self, host: str) -> bool:
        """Whether a host has the form of a store's address, without asking which stores there are."""
        if host in self._platform or host.rpartition(".")[2].isdecimal():
            return False
        return all("." not in host.removesuffix(suffix) for suffix in self._suffixes if host.endswith(suffix))

    async def is_store(self, host: str) -> bool:
        """Whether a store that was ever published has this host, which is in its normal form."""
        if host in self._seen:
            return True
        store = await self._find(host, self._present)
        return store is not None and store.published_at is not None

    def is_canonical(self, store: StoreView, header: str) -> bool:
        """Whether a ``Host`` header names a store's canonical address, at whichever of the platform's domains."""
        host = bare_host(header)
        return host.endswith(self._suffixes) if store.custom_domain is None else host == store.custom_domain

    async def store_of(self, header: str) -> KnownStore:
        """Return the open store that a ``Host`` header names.

        Raises:
            UnknownHost: no public store has this host.
            StoreClosed: it is paused or archived.
        """
        known = await self.public_store_of(header)
        self.check_open(known.store, header)
        return known

    def check_open(self, store: StoreView, header: str) -> None:
        """Check that a store is open.

        Raises:
            UnknownHost: the public does not know it.
            StoreClosed: it is paused or archived.
        """
        if store.status in CLOSED:
            raise StoreClosed(store)
        if store.status is not StoreStatus.ACTIVE:
            raise UnknownHost(bare_host(header))

    async def public_store_of(self, header: str) -> KnownStore:
        """Return the store that a ``Host`` header names, also if it is paused or archived now.

        Raises:
            UnknownHost: no store that was ever published has this host.
        """
        host = bare_host(header)
        if not host:
            raise UnknownHost(header)
        seen = self._seen.get(host)
        # Keep the known store until the query answers: pages during an outage need it.
        revision = None if seen is None else await self._revisions.of(seen.store)
        if seen is not None and seen.revision == revision:
            self._used(host)
            return seen
        store = await self._find(host, self._present)
        if store is not None and (seen is None or store.id != seen.store.id):
            # A revision stands only for rows that were read after it.
            revision = await self._revisions.of(store)
            store = await self._find(host, self._present)
        self._seen.pop(host, None)
        if store is None or store.brand is None or store.published_at is None:
            raise UnknownHost(host)
        if store.status is not StoreStatus.ACTIVE:
            return KnownStore(store, None)
        known = self._seen[host] = KnownStore(store, revision)
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return known

    async def any_store_of(self, header: str) -> StoreView:
        """Return the store that a ``Host`` header names, also if it was never published.

        Raises:
            UnknownHost: no store has this host, or it has no brand yet.
        """
        host = bare_host(header)
        store = await self._find(host, self._queries) if host else None
        if store is None or store.brand is None:
            raise UnknownHost(host)
        return store

    def seen(self, header: str) -> KnownStore | None:
        """Return the store as it was when last found open, however long ago; None if it never was."""
        host = bare_host(header)
        self._used(host)
        return self._seen.get(host)

    def _used(self, host: str) -> None:
        if host in self._seen:
            self._seen.move_to_end(host)

    async def revision_of(self, store: StoreView) -> Revision:
        """Return the present revision of a store's rows."""
        return await self._revisions.of(store)

    async def in_moment(self, known: KnownStore, header: str) -> KnownStore:
        """Return a store as it is in the moment that the request reads.

        Raises:
            UnknownHost: no public store has this host then.
        """
        revision = await self._queries.revision(known.store)
        if known.revision == revision:
            return known
        host = bare_host(header)
        store = await self._find(host, self._queries)
        if store is None or store.id != known.store.id or store.brand is None or store.published_at is None:
            raise UnknownHost(host)
        return KnownStore(store, revision if store.status is StoreStatus.ACTIVE else None)

    async def _find(self, host: str, queries: StorefrontQueries) -> StoreView | None:
        for suffix in self._suffixes:
            if host.endswith(suffix):
                label = host.removesuffix(suffix)
                return None if "." in label else await queries.store_by_slug(label)
        return await queries.store_by_domain(host)
