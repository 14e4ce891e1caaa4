"""What is missing before a store may be published, from the read models."""

from uuid import UUID

from domain.store.events import StoreStatus
from domain.store.publication import Blocker, PublicationBlocked, PublicationFacts, publication_blockers
from projections.catalog import queries as catalog_queries
from projections.catalog.views import StoreView
from projections.merchants import queries as merchants_queries
from projections.reading.paging import Reader
from projections.reading.scope import MerchantScope


async def blockers_of_store(db: Reader, accounts: Reader, store: StoreView, *, stripe: bool) -> list[Blocker]:
    """Return what is missing, what blocks first.

    Args:
        db: the database.
        accounts: the database for the rows of the store's owner.
        store: the store.
        stripe: whether merchants are paid into their accounts at Stripe, so that the merchant needs one.
    """
    scope = MerchantScope(store.merchant_id)
    business = await merchants_queries.business_identity(accounts, store.merchant_id, scope=scope)
    verified, payable = await merchants_queries.account_standing(accounts, store.merchant_id, scope=scope)
    return publication_blockers(
        PublicationFacts(
            country=None if business is None else business.country,
            has_eu_contact=business is not None and "eu_contact" in business.parts,
            has_contact_email=store.contact_email is not None,
            pages=await catalog_queries.page_facts(db, store.id, scope=scope),
            products=await catalog_queries.store_products_for_sale(
                db,
                store.id,
                store.delivery_promise_days,
                scope=scope,
                with_drafts=store.status in {StoreStatus.CREATING, StoreStatus.PENDING_REVIEW},
            ),
            promise_days=store.delivery_promise_days,
            can_be_paid=not stripe or payable,
            email_verified=verified,
        )
    )


async def refuse_blocked(db: Reader, store_id: UUID, *, merchant_id: UUID, stripe: bool) -> None:
    """Refuse to publish a store while something is missing. No-op if the store is unknown: the command refuses it.

    Raises:
        PublicationBlocked: names everything that is missing.
    """
    store = await catalog_queries.store_by_id(db, store_id, scope=MerchantScope(merchant_id))
    if store is None or store.status is StoreStatus.ACTIVE:
        return
    missing = [blocker for blocker in await blockers_of_store(db, db, store, stripe=stripe) if blocker.blocks]
    if missing:
        raise PublicationBlocked(missing)
