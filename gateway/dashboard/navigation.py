"""The navigation: which areas there are, and which of them have a page already."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the navigation."""

    label: str
    path: str
    """Below ``/dashboard``. ``{store_id}`` is replaced by the page's store."""
    exact: bool = False
    """Whether pages below the path belong to other entries."""
    also: str | None = None
    """Another path whose pages belong to the entry."""


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under one heading."""

    label: str
    entries: Sequence[Entry]


ACCOUNT: Sequence[Group] = (
    Group(
        "Your shops",
        (
            Entry("Overview", "/dashboard", exact=True),
            Entry("Stores", "/dashboard/stores", exact=True),
            Entry("New store", "/dashboard/stores/new"),
            Entry("Jobs", "/dashboard/jobs"),
        ),
    ),
    Group(
        "Account",
        (
            Entry("Profile", "/dashboard/account/profile"),
            Entry("Security", "/dashboard/account/security"),
            Entry("Integrations", "/dashboard/integrations"),
            Entry("Billing and plan", "/dashboard/billing"),
            Entry("Team", "/dashboard/team"),
            Entry("API keys", "/dashboard/api-keys"),
            Entry("Activity", "/dashboard/activity"),
            Entry("Your data", "/dashboard/account/data"),
        ),
    ),
)
"""The entries of every page."""

STORE: Sequence[Group] = (
    Group(
        "Shop",
        (
            Entry("Summary", "/dashboard/stores/{store_id}", exact=True),
            Entry("Progress", "/dashboard/stores/{store_id}/progress"),
            Entry("Review", "/dashboard/stores/{store_id}/review", also="/dashboard/stores/{store_id}/live"),
            Entry("Orders", "/dashboard/stores/{store_id}/orders", also="/dashboard/stores/{store_id}/disputes"),
            Entry("Customers", "/dashboard/stores/{store_id}/customers"),
            Entry("Discounts", "/dashboard/stores/{store_id}/discounts"),
        ),
    ),
    Group(
        "Catalog",
        (
            Entry("Products", "/dashboard/stores/{store_id}/products"),
            Entry("Collections", "/dashboard/stores/{store_id}/collections"),
            Entry("Media", "/dashboard/stores/{store_id}/media"),
            Entry("Pages", "/dashboard/stores/{store_id}/pages"),
            Entry("Brand and theme", "/dashboard/stores/{store_id}/brand"),
            Entry("Drafts", "/dashboard/stores/{store_id}/drafts"),
            Entry("SEO", "/dashboard/stores/{store_id}/seo"),
        ),
    ),
    Group(
        "Set-up",
        (
            Entry("Shipping", "/dashboard/stores/{store_id}/shipping"),
            Entry("Taxes", "/dashboard/stores/{store_id}/taxes"),
            Entry("Domain", "/dashboard/stores/{store_id}/domain"),
            Entry("Legal identity", "/dashboard/stores/{store_id}/legal"),
            Entry("Team", "/dashboard/stores/{store_id}/team"),
            Entry("Settings", "/dashboard/stores/{store_id}/settings"),
            Entry("Timeline", "/dashboard/stores/{store_id}/timeline"),
        ),
    ),
)
"""The entries of a store's pages."""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as a page shows it."""

    label: str
    href: str
    current: bool


class Navigation:
    """Makes the links of a page.

    Args:
        paths: path patterns of all pages. Entries of others are left out.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(map(_pattern, paths))

    def account(self, path: str) -> list[tuple[str, list[Link]]]:
        """Return the groups of every page, with their links."""
        return self._groups(ACCOUNT, path, None)

    def store(self, path: str, store_id: str) -> list[tuple[str, list[Link]]]:
        """Return the groups of a store's page, with their links."""
        return self._groups(STORE, path, store_id)

    def _groups(self, groups: Sequence[Group], path: str, store_id: str | None) -> list[tuple[str, list[Link]]]:
        made = [
            (
                group.label,
                [self._link(each, path, store_id) for each in group.entries if _pattern(each.path) in self._paths],
            )
            for group in groups
        ]
        return [(label, links) for label, links in made if links]

    def _link(self, entry: Entry, path: str, store_id: str | None) -> Link:
        href = entry.path.replace("{store_id}", store_id or "")
        also = entry.also and entry.also.replace("{store_id}", store_id or "")
        current = path in {href, also} or (not entry.exact and path.startswith(f"{href}/"))
        return Link(entry.label, href, current)


def _pattern(path: str) -> str:
    return re.sub(r"\{.*?\}", "{}", path)
