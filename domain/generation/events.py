"""Events of a generation."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from domain.kernel import DomainEvent, Value
from domain.store.niche import NicheReading


class Step(StrEnum):
    """The steps in the order in which they are shown."""

    BRAND = "brand"
    SCOUT = "scout"
    COPY = "copy"
    IMAGES = "images"
    PAGES = "pages"


class JobType(StrEnum):
    """The API's names for agents; ``pages`` is the copywriter's second job."""

    BRAND_GENERATOR = "BRAND_GENERATOR"
    PRODUCT_SCOUT = "PRODUCT_SCOUT"
    COPYWRITER = "COPYWRITER"
    IMAGE_PROCESSOR = "IMAGE_PROCESSOR"
    VIDEO_GENERATOR = "VIDEO_GENERATOR"
    """Reserved."""


class JobStatus(StrEnum):
    """The status of a job or of one of its steps."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"
    """Ended without a failure and waiting for the merchant, who decides how it goes on."""


class AttentionCode(StrEnum):
    """Why a job waits for the merchant."""

    NICHE_UNCLEAR = "NICHE_UNCLEAR"
    """Words of the niche were not understood."""
    NICHE_NAMES_NO_GOODS = "NICHE_NAMES_NO_GOODS"
    """The niche names no goods: a web address, program code, a sentence, a style without goods."""
    NICHE_NOT_ENGLISH = "NICHE_NOT_ENGLISH"
    TWO_NICHES = "TWO_NICHES"
    """The niche names goods that do not belong in one store."""
    TRADE_MARK = "TRADE_MARK"
    """The niche contains a well-known trade mark."""
    FEW_PRODUCTS_FIT = "FEW_PRODUCTS_FIT"
    """The suppliers have too few products that fit the niche."""


class CategoryCount(Value):
    """A category that the suppliers have, and how many of the listings they returned are in it."""

    category: str
    count: int


class Attention(Value):
    """What a job that waits for the merchant asks."""

    code: AttentionCode
    message: str
    """For the merchant: what is unclear, or how little fits, and what to do."""
    suggestions: list[str] = []
    """Niches to choose from; the merchant may also write another one."""
    available: list[CategoryCount] = []
    """What the suppliers do have, the most frequent first; empty unless too few products fit."""


class GenerationStarted(DomainEvent, wire_name="generation.generation_started.v1"):
    """A store's generation started."""

    store_id: UUID
    merchant_id: UUID
    niche: str


class NicheUnderstood(DomainEvent, wire_name="generation.niche_understood.v1"):
    """The niche was read, or the merchant corrected what was understood. The latest reading counts."""

    store_id: UUID
    niche: str
    """The niche that was read."""
    reading: NicheReading
    cautions: list[str] = []
    """For the merchant: what to be careful about, such as a trade mark."""
    is_another_niche: bool = False
    """Whether the merchant chose another niche, so that a brand made for the former one is made again."""


class NicheChosen(DomainEvent, wire_name="generation.niche_chosen.v1"):
    """The merchant chose another niche; it is read next."""

    store_id: UUID
    niche: str


class StepStarted(DomainEvent, wire_name="generation.step_started.v1"):
    """A step started. Agents react to this event only."""

    store_id: UUID
    merchant_id: UUID
    step: Step
    attempt: int
    """1 at first, one more with every retry or regeneration. Another attempt may give another result."""
    deadline: AwareDatetime
    """When the step fails because its time is over."""


class StepProgressed(DomainEvent, wire_name="generation.step_progressed.v1"):
    """One item of a step is done."""

    step: Step
    attempt: int
    item: str
    """The id of the item; a repeat counts once."""
    done: int
    """The number of items done, this one included."""
    total: int
    """The number of items in the step."""
    message: str
    """For the merchant: ``Wrote the copy of “Neon Desk Lamp”``."""


class StepSucceeded(DomainEvent, wire_name="generation.step_succeeded.v1"):
    """A step is complete."""

    step: Step
    attempt: int
    summary: str
    """For the merchant: ``18 products from 243 candidates``."""


class StepFailed(DomainEvent, wire_name="generation.step_failed.v1"):
    """A step failed; only the merchant can retry it."""

    step: Step
    attempt: int
    reason: str
    """For the merchant: which system did not answer, or what else went wrong."""


class StepNeedsAttention(DomainEvent, wire_name="generation.step_needs_attention.v1"):
    """A step ended without a failure and cannot go on alone; the merchant decides."""

    step: Step
    attempt: int
    attention: Attention


class GenerationCompleted(DomainEvent, wire_name="generation.generation_completed.v1"):
    """Every step is complete."""

    store_id: UUID


class GenerationFailed(DomainEvent, wire_name="generation.generation_failed.v1"):
    """The job failed with one of its steps; earlier results stay."""

    store_id: UUID
    step: Step
    """The failed step."""
    reason: str
    """For the merchant."""


class GenerationNeedsAttention(DomainEvent, wire_name="generation.generation_needs_attention.v1"):
    """No step is running and the job waits for the merchant; earlier results stay."""

    store_id: UUID
    step: Step | None = None
    """The step that waits; null if the niche must be clear before the first step starts."""
    attention: Attention


class GenerationCancelled(DomainEvent, wire_name="generation.generation_cancelled.v1"):
    """The merchant cancelled the job; earlier results stay."""

    store_id: UUID


GenerationEvent = (
    GenerationStarted
    | NicheUnderstood
    | NicheChosen
    | StepStarted
    | StepProgressed
    | StepSucceeded
    | StepFailed
    | StepNeedsAttention
    | GenerationCompleted
    | GenerationFailed
    | GenerationNeedsAttention
    | GenerationCancelled
)
