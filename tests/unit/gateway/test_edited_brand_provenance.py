"""The provenance of a brand's parts follows the merchant's edits and accepted drafts, part by part."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from commands.brand import EditStore
from commands.draft import AcceptDraft, ProposeDraft, RequestDraft
from commands.product import EditProduct
from domain.draft.events import DraftTarget, FieldChange, TargetKind
from domain.editing import EditField
from domain.product.events import ProductMetaWritten, ProductRetitled
from domain.product.texts import meta
from domain.store.events import BrandEdited, BrandGenerated, ContactChanged
from gateway.api.field_origins import FieldOrigin, Origin
from gateway.api.provenance import product_origins, store_origins
from schemas.envelope import Envelope
from tests.support.builders.samples import brand
from tests.support.platforms.write_side import Platform


def stream(platform: Platform, id: UUID) -> Sequence[Envelope]:
    return [one for one in platform.log.envelopes if one.event.originator_id == id]


async def accept(platform: Platform, target: DraftTarget, call: UUID, *changes: FieldChange) -> UUID:
    id, owner = uuid4(), platform.merchant_id
    await platform.send(
        RequestDraft(draft_id=id, store_id=platform.store_id, merchant_id=owner, target=target, hint="warmer")
    )
    await platform.send(ProposeDraft(draft_id=id, changes=list(changes), written_by="a-model", call_id=call))
    await platform.send(AcceptDraft(draft_id=id, merchant_id=owner))
    return id


def by_name(origins: Sequence[FieldOrigin]) -> dict[str, FieldOrigin]:
    return {origin.name: origin for origin in origins}


async def test_an_accepted_value_is_traced_to_its_draft_and_a_later_edit_is_the_merchants() -> None:
    platform = Platform()
    (lamp,) = await platform.publish()
    call, target = uuid4(), DraftTarget(kind=TargetKind.PRODUCT, id=lamp)
    title = (await platform.product(lamp)).title
    draft = await accept(
        platform,
        target,
        call,
        FieldChange(field=EditField.TITLE, base=title, proposed="A warm lamp"),
        FieldChange(field=EditField.META, base=meta(), proposed=meta("Warm", "A lamp.")),
    )
    edit = EditProduct(product_id=lamp, merchant_id=platform.merchant_id, meta_title="Mine", meta_description="My own.")
    await platform.send(edit)
    drafts, store = [stream(platform, draft)], stream(platform, platform.store_id)
    origins = by_name(product_origins(stream(platform, lamp), store, drafts))
    accepted, edited = origins["title"], origins["metaTitle"]
    assert accepted.draft is not None
    assert (accepted.draft.id, accepted.draft.hint, accepted.draft.written_by) == (draft, "warmer", "a-model")
    assert (accepted.set_by, accepted.call_id, type(accepted.event.event)) == (Origin.AGENT, call, ProductRetitled)
    assert accepted.approved_at == accepted.event.event.occurred_at
    assert accepted.approved_by == platform.merchant_id
    assert (edited.set_by, edited.call_id, edited.draft) == (Origin.MERCHANT, None, None)
    assert isinstance(edited.event.event, ProductMetaWritten)


async def test_parts_that_follow_an_accepted_name_have_the_drafts_origin() -> None:
    platform = Platform()
    await platform.publish()
    call, target = uuid4(), DraftTarget(kind=TargetKind.BRAND, id=platform.store_id)
    name = FieldChange(field=EditField.NAME, base=brand().name, proposed="Glow Den")
    draft = await accept(platform, target, call, name)
    origins = by_name(store_origins(stream(platform, platform.store_id), [stream(platform, draft)]))
    for field in ("name", "brandIdentity.name"):
        assert (origins[field].call_id, origins[field].draft is not None) == (call, True)
    assert origins["brandIdentity.colors"].draft is None


async def test_only_the_edited_parts_of_a_brand_have_a_new_origin() -> None:
    platform = Platform()
    await platform.publish()
    await platform.send(
        EditStore(
            store_id=platform.store_id,
            merchant_id=platform.merchant_id,
            primary="#14532d",
            contact_email="hello@neonhaven.example",
        )
    )
    events = [one for one in platform.log.envelopes if one.event.originator_id == platform.store_id]
    origins = {origin.name: type(origin.event.event) for origin in store_origins(events)}
    assert origins["brandIdentity.colors"] is BrandEdited
    assert origins["contactEmail"] is ContactChanged
    for name in ("name", "brandIdentity.name", "brandIdentity.voice", "brandIdentity.fonts", "brandIdentity.logo"):
        assert origins[name] is BrandGenerated
