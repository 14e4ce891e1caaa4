"""Events of a generation."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from domain.kernel import DomainEvent


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


class GenerationStarted(DomainEvent, wire_name="generation.generation_started.v1"):
    """A store's generation started."""

    store_id: UUID
    merchant_id: UUID
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


class GenerationCancelled(DomainEvent, wire_name="generation.generation_cancelled.v1"):
    """The merchant cancelled the job; earlier results stay."""

    store_id: UUID


GenerationEvent = (
    GenerationStarted
    | StepStarted
    | StepProgressed
    | StepSucceeded
    | StepFailed
    | GenerationCompleted
    | GenerationFailed
    | GenerationCancelled
)
