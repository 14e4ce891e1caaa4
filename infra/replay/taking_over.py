"""What a rerun wrote, offered as drafts of the store that it was made from."""

from collections.abc import Iterator, Sequence
from uuid import UUID, uuid4

from commands.draft import OfferDraft
from domain.draft.events import DraftTarget, FieldChange, TargetKind, category_id
from domain.draft.live import values_of
from domain.kernel import DomainEvent
from domain.product.aggregate import PRODUCT
from domain.product.events import ProductStatus
from domain.store.aggregate import STORE


def offers(
    store_id: UUID, now: Sequence[DomainEvent], again: Sequence[DomainEvent], *, written_by: str
) -> list[OfferDraft]:
    """Return a command for each brand, page, category page and product whose values differ between the store and a rerun.

    Args:
        store_id: of the store.
        now: all events of its streams, what the merchant changed since the generation included.
        again: the events of the rerun.
        written_by: the model that wrote them.
    """
    found: list[OfferDraft] = []
    described = STORE.fold(_of(store_id, again))
    written = () if described is None else tuple(described.assortment.described)
    for target in _targets(store_id, now, categories=written):
        stream = target.stream(store_id)
        live, other = values_of(target, _of(stream, now)), values_of(target, _of(stream, again))
        changes = [
            FieldChange(field=name, base=value, proposed=other[name])
            for name, value in live.items()
            if name in other and other[name] != value
        ]
        if changes:
            found.append(
                OfferDraft(
                    draft_id=uuid4(),
                    store_id=store_id,
                    target=target,
                    changes=changes,
                    written_by=written_by,
                    note=f"Written by a rerun with {written_by}.",
                )
            )
    return found


def _targets(store_id: UUID, events: Sequence[DomainEvent], *, categories: Sequence[str]) -> Iterator[DraftTarget]:
    store = STORE.fold(_of(store_id, events))
    if store is None or store.brand is None:
        return
    yield DraftTarget(kind=TargetKind.BRAND, id=store_id)
    for page_id in store.pages:
        yield DraftTarget(kind=TargetKind.PAGE, id=page_id)
    for category in categories:
        yield DraftTarget(kind=TargetKind.CATEGORY, id=category_id(store_id, category), category=category)
    for product_id in store.product_ids:
        product = PRODUCT.fold(_of(product_id, events))
        if product is not None and product.status is not ProductStatus.ARCHIVED:
            yield DraftTarget(kind=TargetKind.PRODUCT, id=product_id)


def _of(stream: UUID, events: Sequence[DomainEvent]) -> list[DomainEvent]:
    return [event for event in events if event.originator_id == stream]
