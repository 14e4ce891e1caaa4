"""What follows from what: policies on the real bus, every event delivered twice."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.bus import CommandBus
from commands.generation import ChooseNiche, CorrectNiche
from commands.image_result import RecordImage, RejectImage
from commands.inbox import ReceiveWebhook
from commands.media import RequestImage
from commands.merchant import RegisterMerchant
from commands.order import CancelOrder
from commands.ports import ConcurrencyConflict, Context, Receipt
from commands.store import RequestStore
from consumers.policies.generation import GenerationPolicy
from consumers.policies.payments import PaymentsPolicy
from consumers.ports import Consumer
from consumers.schedules.deadlines import DeadlinePolicy
from domain.calls.events import OutsideCallRecorded
from domain.editing import ChangedMeanwhile, revision_of
from domain.generation.aggregate import GENERATION
from domain.generation.correction import reading_parts
from domain.generation.events import JobStatus, Step
from domain.inbox.events import WebhookReceived, WebhookRejected
from domain.kernel import DomainError, DomainEvent
from domain.media.events import Operation, RejectionReason, Rendition
from domain.money import Money
from domain.order.after_sale.dispute_events import DisputeClosed, DisputeFundsMoved, DisputeStatus
from domain.order.aggregate import ORDER, PAY_WITHIN
from domain.order.events import OrderCancelled, OrderStatus
from domain.order.evidence.files import WAITS
from domain.order.ports import DisputeDecided, PaymentConfirmed, PaymentDeclined, PaymentDisputed, PaymentNotice
from domain.store.events import Preferences, StoreStatus
from infra.bootstrap import handlers
from infra.writers.rules.niche.reader import RuleNicheReader
from projections.jobs.views import OverdueJob
from tests.support.builders.samples import NOON, listing, sealed
from tests.support.fakes.supply import MemoryAnswers
from tests.support.fakes.vault import MemoryEvidenceFiles, MemoryPersonalData
from tests.support.platforms.write_side import Platform, kinds


async def deliver(platform: Platform, policy: Consumer, *, from_position: int = 0) -> Sequence[DomainEvent]:
    """Deliver every event of the log that the policy handles, twice, until nothing new comes of it.

    Return the new events without the records of outside calls.
    """
    before = len(platform.log.raw)
    seen = from_position
    while seen < len(platform.log.raw):
        envelope = platform.log.envelopes[seen]
        seen += 1
        if type(envelope.event) in policy.handles:
            for _ in range(2):
                try:
                    await policy(envelope)
                except DomainError:
                    continue
    return [event for event in platform.log.events[before:] if not isinstance(event, OutsideCallRecorded)]


@pytest.fixture
def platform() -> Platform:
    return Platform()


async def test_a_requested_store_is_generated(platform: Platform) -> None:
    await platform.send(RegisterMerchant(merchant_id=platform.merchant_id, email=sealed(), name=None))
    await platform.send(
        RequestStore(
            store_id=platform.store_id,
            merchant_id=platform.merchant_id,
            niche="Desk lamps",
            preferences=Preferences(),
        )
    )
    assert kinds(await deliver(platform, GenerationPolicy(platform, platform, RuleNicheReader(), MemoryAnswers()))) == [
        "GenerationStarted",
        "NicheUnderstood",
        "StepStarted",
        "StepStarted",
    ]
    assert (await platform.get(GENERATION, platform.generation_id)).store_id == platform.store_id


async def test_images_go_to_the_studio_and_the_last_one_ends_the_step(platform: Platform) -> None:
    await platform.request()
    await platform.brand()
    await platform.scout(listing(images=2))
    policy = GenerationPolicy(platform, platform, RuleNicheReader(), MemoryAnswers())
    assert await deliver(platform, policy) == [], "the photos were requested with the step's start"
    await platform.fail(Step.IMAGES)
    await platform.again(Step.IMAGES)
    sent = await deliver(platform, policy)
    assert kinds(sent) == ["ImageProcessingRequested", "ImageProcessingRequested", "StepProgressed"]
    first, second = sent[0].originator_id, sent[1].originator_id
    position = len(platform.log.raw)
    await platform.send(recorded(first, attempt=2))
    await platform.send(
        RejectImage(image_id=second, attempt=2, reason=RejectionReason.CORRUPT, message="It is broken.")
    )
    assert kinds(await deliver(platform, policy, from_position=position)) == [
        "StepProgressed",
        "StepProgressed",
        "StepSucceeded",
    ]


async def test_an_image_of_former_products_counts_in_no_later_step(platform: Platform) -> None:
    await platform.request()
    await platform.brand()
    await platform.scout(listing("L-1", images=1))
    policy = GenerationPolicy(platform, platform, RuleNicheReader(), MemoryAnswers())
    former = platform.log.events[-1]
    await platform.fail(Step.IMAGES)
    await platform.again(Step.SCOUT)
    await platform.scout(listing("L-2", images=1), attempt=2)
    assert kinds(platform.log.events).count("ImageProcessingRequested") == 2
    position = len(platform.log.raw)
    await platform.send(recorded(former.originator_id))
    assert await deliver(platform, policy, from_position=position) == []


async def test_an_image_asked_for_by_hand_counts_in_no_step(platform: Platform) -> None:
    await platform.publish()
    image_id = uuid4()
    await platform.send(
        RequestImage(
            image_id=image_id,
            store_id=platform.store_id,
            merchant_id=platform.merchant_id,
            product_id=None,
            url="https://images.example/1.jpg",
            alt_text="",
            operations=[],
            ground=None,
        )
    )
    position = len(platform.log.raw)
    await platform.send(recorded(image_id))
    assert (
        await deliver(
            platform, GenerationPolicy(platform, platform, RuleNicheReader(), MemoryAnswers()), from_position=position
        )
        == []
    )


async def test_a_complete_generation_hands_the_store_over(platform: Platform) -> None:
    await platform.request()
    await platform.brand()
    await platform.scout(listing(images=0))
    for step in (Step.COPY, Step.IMAGES, Step.PAGES):
        await platform.succeed(step)
    assert kinds(await deliver(platform, GenerationPolicy(platform, platform, RuleNicheReader(), MemoryAnswers()))) == [
        "StoreReadyForReview"
    ]
    assert (await platform.store()).status is StoreStatus.PENDING_REVIEW


def recorded(image_id: UUID, attempt: int = 1) -> RecordImage:
    return RecordImage(
        image_id=image_id,
        attempt=attempt,
        renditions=[Rendition(name="large", key="sha256/ab/ab.webp", width=1, height=1, size_bytes=1)],
        source_sha256="ab" * 32,
        source_size=(1, 1),
        operations=[Operation.SHARPEN],
        seconds=0.1,
    )


class JsonGateway:
    """Reads webhooks of plain JSON."""

    name = "json"
    signature_header = "json-signature"

    def recordable(self, body: str) -> str:
        return body

    def read_webhook(self, body: bytes, signature: str) -> PaymentNotice | None:
        raise NotImplementedError

    def read_body(self, body: str) -> PaymentNotice | None:
        said = json.loads(body)
        if said.get("kind") != "payment":
            return None
        header: dict[str, Any] = {
            "external_id": "evt",
            "type": "payment",
            "store_id": UUID(said["store"]),
            "order_id": UUID(said["order"]),
            "intent_id": "pi_1",
        }
        if said["ok"]:
            return PaymentConfirmed(**header, amount=Money(minor=said["minor"]), platform_fee=Money(minor=100))
        if "won" in said:
            reinstated = bool(said.get("reinstated"))
            return DisputeDecided(**header, dispute_id="du_1", is_won=said["won"], is_reinstated=reinstated)
        if said.get("disputed"):
            amount = Money(minor=said["minor"])
            return PaymentDisputed(**header, dispute_id="du_1", amount=amount, reason="fraudulent", evidence_due=NOON)
        return PaymentDeclined(**header, reason="Card declined")


async def reaction_to_webhook(platform: Platform, body: str, source: str = "sandbox-payments") -> Sequence[DomainEvent]:
    """Receive a webhook and return the events of the payments policy."""
    await platform.send(
        ReceiveWebhook(source=source, external_id=str(uuid4()), type="payment", store_id=platform.store_id, body=body)
    )
    policy = PaymentsPolicy(platform, platform, {"sandbox-payments": JsonGateway()})
    return await deliver(platform, policy, from_position=len(platform.log.raw) - 1)


def payment(platform: Platform, order_id: UUID, *, ok: bool = True, minor: int = 2000) -> str:
    return json.dumps(
        {"kind": "payment", "store": str(platform.store_id), "order": str(order_id), "ok": ok, "minor": minor}
    )


async def test_a_payment_webhook_pays_the_order(platform: Platform) -> None:
    order_id = await platform.order_a_lamp()
    assert kinds(await reaction_to_webhook(platform, payment(platform, order_id))) == ["OrderPaid", "StockSold"]
    assert await reaction_to_webhook(platform, payment(platform, order_id)) == [], (
        "a second notice under another id changes nothing"
    )


async def test_a_failed_payment_is_noted(platform: Platform) -> None:
    order_id = await platform.order_a_lamp()
    assert kinds(await reaction_to_webhook(platform, payment(platform, order_id, ok=False))) == ["PaymentFailed"]


async def test_a_dispute_of_a_paid_order_is_recorded_once_and_one_of_an_unpaid_order_is_rejected(
    platform: Platform,
) -> None:
    order_id = await platform.order_a_lamp()
    disputed = json.dumps({**json.loads(payment(platform, order_id, ok=False)), "disputed": True})
    assert kinds(await reaction_to_webhook(platform, disputed)) == ["WebhookRejected"]
    await reaction_to_webhook(platform, payment(platform, order_id))
    assert kinds(await reaction_to_webhook(platform, disputed)) == ["DisputeOpened", "DisputeFundsMoved"]
    assert await reaction_to_webhook(platform, disputed) == []


@pytest.mark.parametrize("reinstated_first", [False, True])
async def test_a_won_dispute_gives_the_money_back_once_in_any_order_and_is_decided_once(
    platform: Platform, reinstated_first: bool
) -> None:
    order_id = await platform.order_a_lamp()
    plain = json.loads(payment(platform, order_id, ok=False))
    won, back = json.dumps({**plain, "won": True}), json.dumps({**plain, "won": True, "reinstated": True})
    await reaction_to_webhook(platform, payment(platform, order_id))
    assert kinds(await reaction_to_webhook(platform, won)) == ["WebhookRejected"], "the order has no dispute"
    await reaction_to_webhook(platform, json.dumps({**plain, "disputed": True}))
    for webhook in (back, won, back, won) if reinstated_first else (won, back, won, back):
        await reaction_to_webhook(platform, webhook)
    ends = [event for event in platform.log.events if isinstance(event, DisputeClosed | DisputeFundsMoved)]
    assert sorted(kinds(ends)) == ["DisputeClosed", "DisputeFundsMoved", "DisputeFundsMoved"]
    (dispute,) = (await platform.get(ORDER, order_id)).after.disputes.values()
    assert (dispute.status, dispute.taken) == (DisputeStatus.WON, Money(minor=0))
    assert kinds(await reaction_to_webhook(platform, json.dumps({**plain, "won": False}))) == ["WebhookRejected"]


async def test_a_lost_dispute_keeps_the_money_with_the_shopper(platform: Platform) -> None:
    order_id = await platform.order_a_lamp()
    plain = json.loads(payment(platform, order_id, ok=False))
    await reaction_to_webhook(platform, payment(platform, order_id))
    await reaction_to_webhook(platform, json.dumps({**plain, "disputed": True}))
    assert kinds(await reaction_to_webhook(platform, json.dumps({**plain, "won": False}))) == ["DisputeClosed"]
    (dispute,) = (await platform.get(ORDER, order_id)).after.disputes.values()
    assert (dispute.status, dispute.taken) == (DisputeStatus.LOST, Money(minor=2000))


async def test_a_wrong_amount_pays_nothing_and_is_kept_for_a_person(platform: Platform) -> None:
    order_id = await platform.order_a_lamp()
    assert kinds(await reaction_to_webhook(platform, payment(platform, order_id, minor=1999))) == ["PaymentUnmatched"]
    assert (await platform.get(ORDER, order_id)).status is OrderStatus.PENDING


async def test_webhooks_of_other_kinds_and_sources_are_left_alone(platform: Platform) -> None:
    order_id = await platform.order_a_lamp()
    assert await reaction_to_webhook(platform, '{"kind": "payout"}') == []
    assert await reaction_to_webhook(platform, payment(platform, order_id), source="cj") == []


async def test_a_webhook_of_one_store_cannot_pay_anothers_order(platform: Platform) -> None:
    order_id = await platform.order_a_lamp()
    platform.store_id, platform.merchant_id = uuid4(), uuid4()
    await platform.request()
    (rejected,) = await reaction_to_webhook(platform, payment(platform, order_id))
    assert isinstance(rejected, WebhookRejected)
    assert (rejected.store_id, rejected.order_id) == (platform.store_id, order_id)
    assert (await platform.get(ORDER, order_id)).status is OrderStatus.PENDING


async def test_a_webhook_that_names_no_order_is_rejected_at_once_and_the_merchant_told(platform: Platform) -> None:
    await platform.order_a_lamp()
    for id in (uuid4(), platform.store_id):
        (rejected,) = await reaction_to_webhook(platform, payment(platform, id))
        assert isinstance(rejected, WebhookRejected)
        assert (rejected.order_id, rejected.reason) == (id, "It names an order that does not exist.")


async def test_a_webhook_body_that_makes_no_sense_is_rejected_and_not_lost(platform: Platform) -> None:
    await platform.order_a_lamp()
    (rejected,) = await reaction_to_webhook(platform, "{")
    assert isinstance(rejected, WebhookRejected)
    assert rejected.reason.startswith("It makes no sense: Expecting")
    taken_in = platform.log.events[-2]
    assert isinstance(taken_in, WebhookReceived)
    assert (taken_in.originator_id, taken_in.body) == (rejected.originator_id, "{")


class DeletedCarts:
    """Notes which carts the policy deletes."""

    def __init__(self) -> None:
        self.rounds: list[datetime] = []

    async def enforce(self, now: datetime) -> None:
        self.rounds.append(now)


@dataclass
class KnownOverdue:
    """Answers what a test puts in, as a read model that may be stale would."""

    late: list[OverdueJob] = field(default_factory=list)
    unpaid: list[UUID] = field(default_factory=list)
    archived: list[UUID] = field(default_factory=list)
    disputed: list[tuple[UUID, str]] = field(default_factory=list)
    ungraced: list[UUID] = field(default_factory=list)
    asked: list[datetime] = field(default_factory=list)
    broken: bool = False

    async def steps(self, now: datetime, *, limit: int) -> Sequence[OverdueJob]:
        self.asked.append(now)
        if self.broken:
            raise OSError("the database is away")
        return self.late[:limit]

    async def unpaid_orders(self, placed_before: datetime, *, limit: int) -> Sequence[UUID]:
        self.asked.append(placed_before)
        return self.unpaid[:limit]

    async def orders_of_archived_stores(self, *, limit: int) -> Sequence[UUID]:
        return self.archived[:limit]

    async def unpaid_plans(self, now: datetime, *, limit: int) -> Sequence[UUID]:
        return self.ungraced[:limit]

    async def disputes(
        self, now: datetime, *, before: datetime, opened_before: datetime, limit: int
    ) -> Sequence[tuple[UUID, str]]:
        return self.disputed[:limit]


async def test_a_step_past_its_deadline_fails_with_the_time_it_had(platform: Platform) -> None:
    await platform.request()
    late = OverdueJob(generation_id=platform.generation_id, step=Step.BRAND, attempt=1, deadline=platform.clock.now())
    policy = DeadlinePolicy(KnownOverdue(late=[late]), platform.bus, platform.clock, DeletedCarts())
    before = len(platform.log.raw)
    await policy.enforce()
    await policy.enforce()
    assert kinds(platform.log.events[before:]) == ["StepFailed", "GenerationFailed"]
    generation = await platform.get(GENERATION, platform.generation_id)
    assert generation.status is JobStatus.FAILED
    assert generation.steps[Step.BRAND].reason == "The step “brand” timed out after 3 minutes. Run it again."


async def test_a_stale_answer_does_no_harm(platform: Platform) -> None:
    await platform.request()
    await platform.brand()
    late = OverdueJob(generation_id=platform.generation_id, step=Step.BRAND, attempt=1, deadline=platform.clock.now())
    policy = DeadlinePolicy(KnownOverdue(late=[late]), platform.bus, platform.clock, DeletedCarts())
    before = len(platform.log.raw)
    await policy.enforce()
    assert len(platform.log.raw) == before


async def test_an_unpaid_order_is_cancelled_and_its_stock_returns(platform: Platform) -> None:
    order_id = await platform.order_a_lamp()
    overdue = KnownOverdue(unpaid=[order_id])
    before = len(platform.log.raw)
    policy = DeadlinePolicy(overdue, platform.bus, platform.clock, DeletedCarts())
    await policy.enforce()
    assert kinds(platform.log.events[before:]) == ["OrderCancelled", "StockReleased"]
    assert overdue.asked == [platform.clock.now(), platform.clock.now() - PAY_WITHIN]
    assert timedelta(minutes=60) == PAY_WITHIN


async def test_a_file_that_was_sent_for_a_dispute_and_not_added_goes_after_an_hour(platform: Platform) -> None:
    files, sent, added = MemoryEvidenceFiles(MemoryPersonalData()), uuid4(), uuid4()
    for id in (sent, added):
        await files.receive(id, platform.merchant_id, b"letter", at=platform.clock.now())
    await files.put(added, platform.merchant_id, b"letter")
    policy = DeadlinePolicy(KnownOverdue(), platform.bus, platform.clock, DeletedCarts(), evidence=files)
    platform.clock.advance(WAITS)
    await policy.enforce()
    assert set(files.kept) == {sent, added}
    platform.clock.advance(timedelta(seconds=1))
    await policy.enforce()
    assert set(files.kept) == {added}


async def test_an_order_of_an_archived_store_is_called_off_once_whatever_else_is_due(platform: Platform) -> None:
    order_id = await platform.order_a_lamp()
    overdue = KnownOverdue(archived=[order_id])
    before = len(platform.log.raw)
    policy = DeadlinePolicy(overdue, platform.bus, platform.clock, DeletedCarts())
    await policy.enforce()
    overdue.unpaid = [order_id]
    await policy.enforce()
    cancelled, released = platform.log.events[before:]
    assert kinds([cancelled, released]) == ["OrderCancelled", "StockReleased"]
    assert isinstance(cancelled, OrderCancelled)
    assert cancelled.reason == "The shop closed for good."


async def test_an_order_that_others_are_busy_with_holds_up_no_other_deadline(platform: Platform) -> None:
    order_id, busy = await platform.order_a_lamp(), uuid4()

    class Busy(CommandBus):
        async def dispatch(self, command: object, context: Context) -> Receipt:
            if isinstance(command, CancelOrder) and command.order_id == busy:
                raise ConcurrencyConflict("another writer was first")
            return await super().dispatch(command, context)

    bus = Busy(platform.log, handlers(platform.clock))
    before = len(platform.log.raw)
    await DeadlinePolicy(KnownOverdue(unpaid=[busy, order_id]), bus, platform.clock, DeletedCarts()).enforce()
    assert kinds(platform.log.events[before:]) == ["OrderCancelled", "StockReleased"]


async def test_each_round_deletes_old_carts(platform: Platform) -> None:
    carts = DeletedCarts()
    await DeadlinePolicy(KnownOverdue(), platform.bus, platform.clock, carts).enforce()
    assert carts.rounds == [platform.clock.now()]


async def test_the_loop_outlives_trouble_and_ends_when_told(platform: Platform) -> None:
    overdue = KnownOverdue(broken=True)
    policy = DeadlinePolicy(overdue, platform.bus, platform.clock, DeletedCarts(), every_seconds=0.001)
    stop = asyncio.Event()
    running = asyncio.create_task(policy.run(stop))
    await until(lambda: len(overdue.asked) > 3)
    stop.set()
    await asyncio.wait_for(running, 60)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


async def test_an_unclear_niche_makes_nothing_until_the_merchant_answers(platform: Platform) -> None:
    await platform.send(RegisterMerchant(merchant_id=platform.merchant_id, email=sealed(), name=None))
    request = RequestStore(
        store_id=platform.store_id, merchant_id=platform.merchant_id, niche="xyzzy", preferences=Preferences()
    )
    await platform.send(request)
    policy = GenerationPolicy(platform, platform, RuleNicheReader(), MemoryAnswers())
    assert kinds(await deliver(platform, policy)) == [
        "GenerationStarted",
        "NicheUnderstood",
        "GenerationNeedsAttention",
    ]
    position = len(platform.log.raw)
    choice = ChooseNiche(
        generation_id=platform.generation_id, merchant_id=platform.merchant_id, niche="Toys for senior cats"
    )
    assert kinds(await platform.do(choice)) == ["NicheChanged", "NicheChosen"]
    sent = await deliver(platform, policy, from_position=position)
    assert kinds(sent) == ["NicheUnderstood", "StepStarted", "StepStarted"]
    assert (await platform.store()).niche == "Toys for senior cats"


async def test_a_corrected_niche_gets_the_merchants_words_and_starts(platform: Platform) -> None:
    await platform.send(RegisterMerchant(merchant_id=platform.merchant_id, email=sealed(), name=None))
    request = RequestStore(
        store_id=platform.store_id, merchant_id=platform.merchant_id, niche="zorbs", preferences=Preferences()
    )
    await platform.send(request)
    await deliver(platform, GenerationPolicy(platform, platform, RuleNicheReader(), MemoryAnswers()))
    correction = CorrectNiche(
        generation_id=platform.generation_id,
        merchant_id=platform.merchant_id,
        things=["cat toys"],
        audience=["kittens"],
        setting=None,
        style=None,
    )
    assert kinds(await platform.do(correction)) == ["NicheChanged", "NicheUnderstood", "StepStarted", "StepStarted"]
    assert (await platform.store()).niche == "cat toys for kittens"
    reading = (await platform.get(GENERATION, platform.generation_id)).reading
    assert reading is not None
    assert {"cat toys", "cat wand"} <= set(reading.things)
    seen = revision_of(reading_parts(reading))
    await platform.send(replace(correction, things=["dog toys"], audience=None, seen=seen))
    # The second tab began before that: its audience is as it was, its goods are not.
    with pytest.raises(ChangedMeanwhile, match="changed the goods after"):
        await platform.send(replace(correction, seen=seen))
    await platform.send(replace(correction, things=None, audience=["puppies"], seen=seen))
