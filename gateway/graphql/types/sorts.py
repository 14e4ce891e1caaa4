"""The sorts of lists that are read whole, such as the pages of a store. Each is an enum and the places of its entries.

The sorts of other lists belong to their read models, where an index serves each of them.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum

from domain.accounts.keys import ApiKey
from projections.catalog.queries.stores import place_of_page
from projections.catalog.views import CategoryCount, CollectionView, DomainView, PageVersionView, PageView
from projections.merchants.team_queries import InvitationView, PersonView
from projections.reading.cursors import Place
from projections.sales.views import OrderSort, OrderView


class PageSort(StrEnum):
    """The sort orders of a store's pages."""

    TYPE = "TYPE"
    """About, contact and FAQ first, then the policies, then the others by title."""
    TITLE = "TITLE"
    UPDATED = "UPDATED"


class PageVersionSort(StrEnum):
    """The sort orders of a page's texts."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"


class CollectionSort(StrEnum):
    """The sort orders of a store's collections."""

    TITLE = "TITLE"
    NEWEST = "NEWEST"
    UPDATED = "UPDATED"


class CategorySort(StrEnum):
    """The sort orders of the categories of a store's products."""

    NAME = "NAME"
    MOST_PRODUCTS = "MOST_PRODUCTS"


class DomainSort(StrEnum):
    """The sort orders of a store's domains."""

    OLDEST = "OLDEST"
    NEWEST = "NEWEST"
    NAME = "NAME"


class PersonSort(StrEnum):
    """The sort orders of the people of a store."""

    OLDEST = "OLDEST"
    NEWEST = "NEWEST"
    ROLE = "ROLE"
    """Editors first, then viewers."""


class InvitationSort(StrEnum):
    """The sort orders of the invitations of a store."""

    OLDEST = "OLDEST"
    NEWEST = "NEWEST"


class ApiKeySort(StrEnum):
    """The sort orders of a person's API keys."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    NAME = "NAME"


def moment(at: datetime) -> int:
    """Return a time as a place, in microseconds; negative for the newest first."""
    return round(at.timestamp() * 1_000_000)


PAGE_PLACES: Mapping[PageSort, Callable[[PageView], Place]] = {
    PageSort.TYPE: place_of_page,
    PageSort.TITLE: lambda page: (page.title.casefold(), str(page.id)),
    PageSort.UPDATED: lambda page: (-moment(page.updated_at), str(page.id)),
}
PAGE_VERSION_PLACES: Mapping[PageVersionSort, Callable[[PageVersionView], Place]] = {
    PageVersionSort.NEWEST: lambda version: (-version.number,),
    PageVersionSort.OLDEST: lambda version: (version.number,),
}
COLLECTION_PLACES: Mapping[CollectionSort, Callable[[CollectionView], Place]] = {
    CollectionSort.TITLE: lambda each: (each.title, str(each.id)),
    CollectionSort.NEWEST: lambda each: (-moment(each.created_at), str(each.id)),
    CollectionSort.UPDATED: lambda each: (-moment(each.updated_at), str(each.id)),
}
CATEGORY_PLACES: Mapping[CategorySort, Callable[[CategoryCount], Place]] = {
    CategorySort.NAME: lambda each: (each.category,),
    CategorySort.MOST_PRODUCTS: lambda each: (-each.products, each.category),
}
DOMAIN_PLACES: Mapping[DomainSort, Callable[[DomainView], Place]] = {
    DomainSort.OLDEST: lambda domain: (moment(domain.connected_at), domain.name),
    DomainSort.NEWEST: lambda domain: (-moment(domain.connected_at), domain.name),
    DomainSort.NAME: lambda domain: (domain.name,),
}
CUSTOMER_ORDER_PLACES: Mapping[OrderSort, Callable[[OrderView], Place]] = {
    OrderSort.NEWEST: lambda order: (-moment(order.placed_at), str(order.id)),
    OrderSort.OLDEST: lambda order: (moment(order.placed_at), str(order.id)),
    OrderSort.TOTAL_LOW: lambda order: (order.total.currency, order.total.minor, str(order.id)),
    # The opposite of the order before it, as in a store's list.
    OrderSort.TOTAL_HIGH: lambda order: (
        *(-ord(each) for each in order.total.currency),
        -order.total.minor,
        str(order.id),
    ),
}
PERSON_PLACES: Mapping[PersonSort, Callable[[PersonView], Place]] = {
    PersonSort.OLDEST: lambda person: (moment(person.joined_at), str(person.person_id)),
    PersonSort.NEWEST: lambda person: (-moment(person.joined_at), str(person.person_id)),
    PersonSort.ROLE: lambda person: (-person.role.rank, moment(person.joined_at), str(person.person_id)),
}
INVITATION_PLACES: Mapping[InvitationSort, Callable[[InvitationView], Place]] = {
    InvitationSort.OLDEST: lambda each: (moment(each.invited_at), str(each.id)),
    InvitationSort.NEWEST: lambda each: (-moment(each.invited_at), str(each.id)),
}
API_KEY_PLACES: Mapping[ApiKeySort, Callable[[ApiKey], Place]] = {
    ApiKeySort.NEWEST: lambda key: (-moment(key.created_at), str(key.id)),
    ApiKeySort.OLDEST: lambda key: (moment(key.created_at), str(key.id)),
    ApiKeySort.NAME: lambda key: (key.name.casefold(), str(key.id)),
}
