"""Every command that names a merchant refuses things of another merchant."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any, get_args, get_type_hints
from uuid import UUID, uuid4

import pytest

from commands import account
from commands.after_sale import CancelOrderByMerchant, CorrectParcel, ShipParcel
from commands.brand import EditStore, UseBrandOption
from commands.calls import RecordCall
from commands.checkout import CartLine, PlaceOrder
from commands.discount import CreateDiscount, PauseDiscount, ResumeDiscount
from commands.disputes import (
    AddEvidenceFile,
    EditDisputeEvidence,
    RecordPayout,
    RemoveEvidenceFile,
    SubmitDisputeEvidence,
)
from commands.domains import ChoosePrimaryDomain, ConnectDomain, RemoveDomain
from commands.draft import AcceptDraft, DropDraft, RequestDraft
from commands.generation import CancelGeneration, ChooseNiche, ContinueGeneration, CorrectNiche
from commands.inbox import MatchWebhook, ReceiveAccountWebhook
from commands.media import ChooseImageVersion, RequestImage, RequestImages
from commands.merchant import (
    ConnectStripe,
    ConnectSupplier,
    DisconnectStripe,
    DisconnectSupplier,
    RecordStripeStatus,
    RegisterMerchant,
    SetBusinessIdentity,
)
from commands.order import FulfilOrder, MarkOrderDelivered
from commands.owed_fees import RecordFeePayment
from commands.page import AddPage, EditPage, RemovePage
from commands.presentation import DescribeCategory, MoveAddress, RemoveCollection, WriteCollection
from commands.product import (
    ActivateProduct,
    AddProduct,
    ArchiveProduct,
    CountStock,
    DeactivateProduct,
    EditProduct,
    PriceVariant,
)
from commands.product_changes import ChangeProduct, ChangeProducts, DecideGoods, ProductAction
from commands.product_photos import ArrangePhotos, RemovePhoto
from commands.purchasing import (
    BuyAnyway,
    CheckSupplierAgain,
    PlaceSupplierOrder,
    RefundHeldOrder,
    SetSupplierOrdering,
    SubstituteLines,
)
from commands.refunds import RefundOrder
from commands.returns import (
    ApproveReturn,
    DeclineReturn,
    ReceiveReturn,
    RefundReturn,
    ReplaceReturn,
    SetReturnPolicy,
)
from commands.shipping import SetShipping
from commands.shopper import EraseCustomer
from commands.step import RetryStep, RunStepAgain
from commands.store import ApproveStore, ArchiveStore, PauseStore, PublishStore, RequestStore, SetDeliveryPromise
from commands.subscription import EndGrace, RecordSubscription
from commands.taxes import SetTaxes
from commands.team import AcceptInvitation, ChangeRole, InvitePerson, LeaveStore, RemovePerson, WithdrawInvitation
from domain.discount.events import DiscountKind, DiscountTerms
from domain.discount.terms import discount_id
from domain.draft.events import DraftTarget, TargetKind
from domain.generation.events import Step
from domain.kernel import DomainError, NotFound
from domain.media.events import Operation
from domain.money import Money
from domain.order.after_sale.dispute_events import EvidenceFileKind
from domain.order.after_sale.dispute_state import EvidenceFile
from domain.shipping.rates import default_rates
from domain.store.aggregate import STORE
from domain.store.collection_events import AddressKind
from domain.store.membership import INVITATION_FOR, InvitationInvalid
from domain.store.return_policy import ReturnPolicy
from domain.store.taxes import TaxSettings
from domain.team.errors import RoleTooWeak
from domain.team.permissions import permissions
from domain.team.roles import Role
from infra.bootstrap import handlers
from tests.support.builders.samples import dollars, sealed
from tests.support.fakes.event_log import FixedClock
from tests.support.platforms.write_side import Platform

OWN_ACCOUNT = {
    RegisterMerchant,
    ConnectSupplier,
    DisconnectSupplier,
    RequestStore,
    SetBusinessIdentity,
    ConnectStripe,
    RecordStripeStatus,
    DisconnectStripe,
    ReceiveAccountWebhook,
    MatchWebhook,
    RecordFeePayment,
    RecordPayout,
    RecordSubscription,
    EndGrace,
    AcceptInvitation,
    *account.HANDLERS,
}
"""Commands whose merchant is the caller's own account: there is no other owner to compare with."""

OF_AGENTS = {RecordCall}
"""Commands that only agents send: their merchant comes from an event."""

ELSEWHERE = {ChooseImageVersion, AcceptDraft, DropDraft}
"""Commands on a thing that a store does not have yet here: ``test_media_commands`` and ``test_draft_commands`` try them."""

FREE_DELIVERY = DiscountTerms(kind=DiscountKind.FREE_SHIPPING)

Build = Callable[[Platform, UUID, UUID, UUID], object]
"""Makes a command from the platform, a product, an order, and the merchant who sends it."""

COMMANDS: dict[type, Build] = {
    RetryStep: lambda p, _p, _o, m: RetryStep(generation_id=p.generation_id, merchant_id=m, step=Step.COPY),
    RunStepAgain: lambda p, _p, _o, m: RunStepAgain(generation_id=p.generation_id, merchant_id=m, step=Step.COPY),
    ChooseNiche: lambda p, _p, _o, m: ChooseNiche(generation_id=p.generation_id, merchant_id=m, niche="Lanterns"),
    CorrectNiche: lambda p, _p, _o, m: CorrectNiche(
        generation_id=p.generation_id, merchant_id=m, things=["lantern"], audience=None, setting=None, style=None
    ),
    ContinueGeneration: lambda p, _p, _o, m: ContinueGeneration(generation_id=p.generation_id, merchant_id=m),
    CancelGeneration: lambda p, _p, _o, m: CancelGeneration(generation_id=p.generation_id, merchant_id=m),
    RequestImage: lambda p, product, _o, m: _image(p, product, m),
    RequestImages: lambda p, product, _o, m: RequestImages(images=[_image(p, product, m)]),
    AddProduct: lambda p, _p, _o, m: AddProduct(
        product_id=uuid4(),
        store_id=p.store_id,
        merchant_id=m,
        title="Lamp",
        description="It glows.",
        cost=dollars("4"),
        price=dollars("9"),
        compare_at=None,
        stock=1,
        image_urls=[],
    ),
    EditProduct: lambda _, product, _o, m: EditProduct(product_id=product, merchant_id=m, title="Another"),
    PriceVariant: lambda _, product, _o, m: PriceVariant(
        product_id=product, merchant_id=m, variant_id=uuid4(), price=Money(minor=100)
    ),
    RemovePhoto: lambda _, product, _o, m: RemovePhoto(product_id=product, merchant_id=m, image_id=uuid4()),
    ArrangePhotos: lambda _, product, _o, m: ArrangePhotos(product_id=product, merchant_id=m, image_ids=[uuid4()]),
    ChangeProducts: lambda p, product, _o, m: ChangeProducts(
        store_id=p.store_id, merchant_id=m, product_ids=[product], action=ProductAction.ACTIVATE
    ),
    DecideGoods: lambda p, product, _o, m: DecideGoods(
        store_id=p.store_id, merchant_id=m, activate=[], archive=[product]
    ),
    ChangeProduct: lambda _, product, _o, m: ChangeProduct(
        edit=EditProduct(product_id=product, merchant_id=m, title="Another")
    ),
    CountStock: lambda _, product, _o, m: CountStock(product_id=product, merchant_id=m, variant_id=None, on_hand=1),
    ActivateProduct: lambda _, product, _o, m: ActivateProduct(product_id=product, merchant_id=m),
    DeactivateProduct: lambda _, product, _o, m: DeactivateProduct(product_id=product, merchant_id=m),
    ArchiveProduct: lambda _, product, _o, m: ArchiveProduct(product_id=product, merchant_id=m),
    AddPage: lambda p, _p, _o, m: AddPage(
        store_id=p.store_id, merchant_id=m, page_id=uuid4(), title="News", content="Hello."
    ),
    EditPage: lambda p, _p, _o, m: EditPage(
        store_id=p.store_id, merchant_id=m, page_id=uuid4(), title="News", content=None
    ),
    RemovePage: lambda p, _p, _o, m: RemovePage(store_id=p.store_id, merchant_id=m, page_id=uuid4()),
    SetDeliveryPromise: lambda p, _p, _o, m: SetDeliveryPromise(store_id=p.store_id, merchant_id=m, days=20),
    SetShipping: lambda p, _p, _o, m: SetShipping(store_id=p.store_id, merchant_id=m, rates=default_rates("USD")),
    CreateDiscount: lambda p, _p, _o, m: CreateDiscount(
        store_id=p.store_id, merchant_id=m, code="WINTER", terms=FREE_DELIVERY
    ),
    PauseDiscount: lambda p, _p, _o, m: PauseDiscount(discount_id=discount_id(p.store_id, "SUMMER"), merchant_id=m),
    ResumeDiscount: lambda p, _p, _o, m: ResumeDiscount(discount_id=discount_id(p.store_id, "SUMMER"), merchant_id=m),
    WriteCollection: lambda p, _p, _o, m: WriteCollection(
        store_id=p.store_id, merchant_id=m, collection_id=uuid4(), title="Gifts"
    ),
    RemoveCollection: lambda p, _p, _o, m: RemoveCollection(store_id=p.store_id, merchant_id=m, collection_id=uuid4()),
    DescribeCategory: lambda p, _p, _o, m: DescribeCategory(
        store_id=p.store_id, merchant_id=m, category="lamps", title="Lamps", text="They glow."
    ),
    MoveAddress: lambda p, product, _o, m: MoveAddress(
        store_id=p.store_id, merchant_id=m, kind=AddressKind.PRODUCT, target=str(product), slug="x"
    ),
    ConnectDomain: lambda p, _p, _o, m: ConnectDomain(store_id=p.store_id, merchant_id=m, domain="fern.example"),
    ChoosePrimaryDomain: lambda p, _p, _o, m: ChoosePrimaryDomain(store_id=p.store_id, merchant_id=m, domain=None),
    RemoveDomain: lambda p, _p, _o, m: RemoveDomain(store_id=p.store_id, merchant_id=m, domain="fern.example"),
    EditStore: lambda p, _p, _o, m: EditStore(store_id=p.store_id, merchant_id=m, tagline="Lamps that wait"),
    UseBrandOption: lambda p, _p, _o, m: UseBrandOption(store_id=p.store_id, merchant_id=m, name="Glow Den"),
    RequestDraft: lambda p, product, _o, m: RequestDraft(
        draft_id=uuid4(),
        store_id=p.store_id,
        merchant_id=m,
        target=DraftTarget(kind=TargetKind.PRODUCT, id=product),
    ),
    ApproveStore: lambda p, _p, _o, m: ApproveStore(store_id=p.store_id, merchant_id=m),
    PublishStore: lambda p, _p, _o, m: PublishStore(store_id=p.store_id, merchant_id=m),
    PauseStore: lambda p, _p, _o, m: PauseStore(store_id=p.store_id, merchant_id=m),
    ArchiveStore: lambda p, _p, _o, m: ArchiveStore(store_id=p.store_id, merchant_id=m),
    FulfilOrder: lambda _, _p, order, m: FulfilOrder(order_id=order, merchant_id=m, carrier=None, tracking_number=None),
    ShipParcel: lambda _, _p, order, m: ShipParcel(
        order_id=order, merchant_id=m, lines=[], carrier=None, tracking_number=None
    ),
    CorrectParcel: lambda _, _p, order, m: CorrectParcel(
        order_id=order, merchant_id=m, number=1, carrier=None, tracking_number=None
    ),
    CancelOrderByMerchant: lambda _, _p, order, m: CancelOrderByMerchant(
        order_id=order, merchant_id=m, refund_id=uuid4()
    ),
    RefundOrder: lambda _, _p, order, m: RefundOrder(order_id=order, merchant_id=m, refund_id=uuid4()),
    SetReturnPolicy: lambda p, _p, _o, m: SetReturnPolicy(store_id=p.store_id, merchant_id=m, policy=ReturnPolicy()),
    SetTaxes: lambda p, _p, _o, m: SetTaxes(store_id=p.store_id, merchant_id=m, taxes=TaxSettings()),
    ApproveReturn: lambda _, _p, order, m: ApproveReturn(order_id=order, merchant_id=m, number=1),
    DeclineReturn: lambda _, _p, order, m: DeclineReturn(order_id=order, merchant_id=m, number=1, reason="No"),
    ReceiveReturn: lambda _, _p, order, m: ReceiveReturn(order_id=order, merchant_id=m, number=1),
    RefundReturn: lambda _, _p, order, m: RefundReturn(order_id=order, merchant_id=m, number=1, refund_id=uuid4()),
    SetSupplierOrdering: lambda p, _p, _o, m: SetSupplierOrdering(store_id=p.store_id, merchant_id=m, enabled=True),
    CheckSupplierAgain: lambda _, _p, order, m: CheckSupplierAgain(order_id=order, merchant_id=m),
    BuyAnyway: lambda _, _p, order, m: BuyAnyway(order_id=order, merchant_id=m),
    SubstituteLines: lambda _, _p, order, m: SubstituteLines(order_id=order, merchant_id=m, lines=[]),
    RefundHeldOrder: lambda _, _p, order, m: RefundHeldOrder(order_id=order, merchant_id=m, refund_id=uuid4()),
    PlaceSupplierOrder: lambda _, _p, order, m: PlaceSupplierOrder(order_id=order, merchant_id=m),
    ReplaceReturn: lambda _, _p, order, m: ReplaceReturn(order_id=order, merchant_id=m, number=1),
    EditDisputeEvidence: lambda _, _p, order, m: EditDisputeEvidence(
        order_id=order, merchant_id=m, dispute_id="du_1", texts=sealed(order), fingerprint="f"
    ),
    AddEvidenceFile: lambda _, _p, order, m: AddEvidenceFile(
        order_id=order,
        merchant_id=m,
        dispute_id="du_1",
        kind=EvidenceFileKind.OTHER,
        file=EvidenceFile(file_id=uuid4(), mime_type="image/png", size_bytes=1, pages=1),
        name=sealed(order),
        fingerprint="f",
    ),
    RemoveEvidenceFile: lambda _, _p, order, m: RemoveEvidenceFile(
        order_id=order, merchant_id=m, dispute_id="du_1", file_id=uuid4()
    ),
    SubmitDisputeEvidence: lambda _, _p, order, m: SubmitDisputeEvidence(
        order_id=order, merchant_id=m, dispute_id="du_1", evidence=sealed(order), edition=0
    ),
    EraseCustomer: lambda p, _p, order, m: EraseCustomer(
        store_id=p.store_id, merchant_id=m, order_ids=[order], notice_ids=[], fingerprint="f"
    ),
    MarkOrderDelivered: lambda _, _p, order, m: MarkOrderDelivered(
        order_id=order, merchant_id=m, delivered_on=date(2026, 11, 23)
    ),
    InvitePerson: lambda p, _p, _o, m: _invitation(p, m, uuid4(), Role.EDITOR),
    WithdrawInvitation: lambda p, _p, _o, m: WithdrawInvitation(
        store_id=p.store_id, merchant_id=m, invitation_id=uuid4()
    ),
    ChangeRole: lambda p, _p, _o, m: ChangeRole(
        store_id=p.store_id, merchant_id=m, person_id=uuid4(), role=Role.VIEWER
    ),
    RemovePerson: lambda p, _p, _o, m: RemovePerson(store_id=p.store_id, merchant_id=m, person_id=uuid4()),
    LeaveStore: lambda p, _p, _o, m: LeaveStore(store_id=p.store_id, merchant_id=m),
}


def _invitation(platform: Platform, merchant_id: UUID, id: UUID, role: Role) -> InvitePerson:
    return InvitePerson(
        store_id=platform.store_id,
        merchant_id=merchant_id,
        invitation_id=id,
        email=sealed(id),
        fingerprint="f",
        role=role,
    )


def _image(platform: Platform, product_id: UUID, merchant_id: UUID) -> RequestImage:
    return RequestImage(
        image_id=uuid4(),
        store_id=platform.store_id,
        merchant_id=merchant_id,
        product_id=product_id,
        url="https://example.com/lamp.jpg",
        alt_text=None,
        operations=list(Operation),
        ground=None,
    )


def _names_a_merchant(type_: Any) -> bool:
    return is_dataclass(type_) and (
        "merchant_id" in {field.name for field in fields(type_)}
        or any(_names_a_merchant(part) for hint in get_type_hints(type_).values() for part in _parts(hint))
    )


def _parts(hint: Any) -> Iterator[Any]:
    yield hint
    for argument in get_args(hint):
        yield from _parts(argument)


def test_each_command_that_names_a_merchant_is_tried_below() -> None:
    naming = {command for command in handlers(FixedClock()) if _names_a_merchant(command)}
    assert naming == COMMANDS.keys() | OWN_ACCOUNT | OF_AGENTS | ELSEWHERE


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
async def test_a_thing_of_another_merchant_is_refused_as_not_found(platform: Platform, command: type) -> None:
    product, order = await _sold(platform)
    before = len(platform.log.raw)
    with pytest.raises(NotFound) as refusal:
        await platform.send(COMMANDS[command](platform, product, order, uuid4()))
    assert refusal.value.code == "NOT_FOUND"
    assert str(refusal.value) == (
        f"No {refusal.value.kind} with id {refusal.value.id} was found. Check the id, and that it is yours."
    )
    assert len(platform.log.raw) == before


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
@pytest.mark.parametrize(
    "command", [each for each in COMMANDS if each is not LeaveStore], ids=lambda command: command.__name__
)
async def test_a_person_may_do_what_the_table_says_of_their_role(platform: Platform, command: type, role: Role) -> None:
    product, order = await _sold(platform)
    person = await _person(platform, role)
    before, needed = len(platform.log.raw), permissions().command(command.__name__).role
    refusal: DomainError | None = None
    try:
        await platform.send(COMMANDS[command](platform, product, order, person))
    except DomainError as error:
        refusal = error
    assert isinstance(refusal, RoleTooWeak) is not role.covers(needed)
    if isinstance(refusal, RoleTooWeak):
        assert len(platform.log.raw) == before
        assert (
            str(refusal)
            == f"Your role in this store is {role.lower()}. This needs the role {needed.lower()}. Ask the store's owner."
        )


async def test_a_role_that_was_taken_away_ends_at_once(platform: Platform) -> None:
    product, _ = await _sold(platform)
    person = await _person(platform, Role.EDITOR)
    edit = EditProduct(product_id=product, merchant_id=person, title="Another")
    await platform.send(edit)
    await platform.send(
        ChangeRole(store_id=platform.store_id, merchant_id=platform.merchant_id, person_id=person, role=Role.VIEWER)
    )
    with pytest.raises(RoleTooWeak):
        await platform.send(edit)
    await platform.send(RemovePerson(store_id=platform.store_id, merchant_id=platform.merchant_id, person_id=person))
    with pytest.raises(NotFound):
        await platform.send(edit)


async def test_an_invitation_works_once_until_it_expires_or_is_withdrawn(platform: Platform) -> None:
    await platform.publish()

    async def invited() -> UUID:
        id = uuid4()
        await platform.send(_invitation(platform, platform.merchant_id, id, Role.VIEWER))
        return id

    async def accepted(id: UUID, by: UUID) -> bool:
        try:
            await platform.send(AcceptInvitation(store_id=platform.store_id, merchant_id=by, invitation_id=id))
        except InvitationInvalid:
            return False
        return True

    people = [await _registered(platform) for _ in range(4)]
    used, withdrawn, late = await invited(), await invited(), await invited()
    assert not await accepted(used, platform.merchant_id), "the owner needs no invitation"
    assert await accepted(used, people[0])
    assert not await accepted(used, people[1]), "it works once"
    await platform.send(
        WithdrawInvitation(store_id=platform.store_id, merchant_id=platform.merchant_id, invitation_id=withdrawn)
    )
    assert not await accepted(withdrawn, people[1])
    platform.clock.advance(INVITATION_FOR)
    assert not await accepted(late, people[2])
    assert not await accepted(uuid4(), people[3])
    store = await platform.get(STORE, platform.store_id)
    assert store.team.roles == {people[0]: Role.VIEWER}


async def test_a_person_leaves_by_themselves(platform: Platform) -> None:
    await platform.publish()
    person = await _person(platform, Role.VIEWER)
    await platform.send(LeaveStore(store_id=platform.store_id, merchant_id=person))
    assert (await platform.get(STORE, platform.store_id)).team.roles == {}


async def _registered(platform: Platform) -> UUID:
    person = uuid4()
    await platform.send(RegisterMerchant(merchant_id=person, email=sealed(person), name=None))
    return person


async def _person(platform: Platform, role: Role) -> UUID:
    """Return a person with a role in the store."""
    person, invitation = await _registered(platform), uuid4()
    await platform.send(_invitation(platform, platform.merchant_id, invitation, role))
    await platform.send(AcceptInvitation(store_id=platform.store_id, merchant_id=person, invitation_id=invitation))
    return person


async def _sold(platform: Platform) -> tuple[UUID, UUID]:
    """Publish a store that has one product and one order."""
    (product,) = await platform.publish()
    variant = next(iter((await platform.product(product)).variants))
    order, shopper = uuid4(), uuid4()
    await platform.send(
        CreateDiscount(store_id=platform.store_id, merchant_id=platform.merchant_id, code="SUMMER", terms=FREE_DELIVERY)
    )
    await platform.send(
        PlaceOrder(
            order_id=order,
            store_id=platform.store_id,
            lines=[CartLine(product_id=product, variant_id=variant, quantity=1)],
            shopper_id=shopper,
            shopper_name=sealed(shopper),
            shopper_email=sealed(shopper),
            shipping_address=sealed(shopper),
        )
    )
    return product, order
