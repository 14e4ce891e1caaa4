"""What can happen in a generation."""

from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime

from domain.kernel import DomainEvent


class Step(StrEnum):
    """The steps, in the order a person reads them."""

    BRAND = "brand"
    SCOUT = "scout"
    COPY = "copy"
    IMAGES = "images"
    PAGES = "pages"


class JobType(StrEnum):
    """The product's names for agents; ``pages`` is the copywriter's second job."""

    BRAND_GENERATOR = "BRAND_GENERATOR"
    PRODUCT_SCOUT = "PRODUCT_SCOUT"
    COPYWRITER = "COPYWRITER"
    IMAGE_PROCESSOR = "IMAGE_PROCESSOR"
    VIDEO_GENERATOR = "VIDEO_GENERATOR"
    """Reserved."""


class JobStatus(StrEnum):
    """Where a job, or one step of it, stands."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class GenerationStarted(DomainEvent, wire_name="generation.generation_started.v1"):
    """A store's generation began."""

    store_id: UUID
    merchant_id: UUID
    niche: str


class StepStarted(DomainEvent, wire_name="generation.step_started.v1"):
    """An agent is to do this step now. Agents react to this event and to nothing else."""

    store_id: UUID
    merchant_id: UUID
    step: Step
    attempt: int
    """1 at first, one more with every retry or regeneration; also what makes a second result differ."""
    deadline: AwareDatetime
    """When the step is given up as timed out."""


class StepProgressed(DomainEvent, wire_name="generation.step_progressed.v1"):
    """A part of a step is done."""

    step: Step
    attempt: int
    item: str
    """What is done, so that telling it twice counts once."""
    done: int
    """How many items, this one included."""
    total: int
    """Of how many."""
    message: str
    """For the merchant: ``Wrote the copy of “Neon Desk Lamp”``."""


class StepSucceeded(DomainEvent, wire_name="generation.step_succeeded.v1"):
    """A step reached its end."""

    step: Step
    attempt: int
    summary: str
    """For the merchant: ``18 products from 243 candidates``."""


class StepFailed(DomainEvent, wire_name="generation.step_failed.v1"):
    """A step is given up for good, until the merchant retries it."""

    step: Step
    attempt: int
    reason: str
    """For the merchant, in words they understand, naming who did not answer."""


class GenerationCompleted(DomainEvent, wire_name="generation.generation_completed.v1"):
    """Every step has succeeded."""

    store_id: UUID


class GenerationFailed(DomainEvent, wire_name="generation.generation_failed.v1"):
    """The job cannot go on, because a step failed; what was made is kept."""

    store_id: UUID
    step: Step
    """The one that failed."""
    reason: str
    """For the merchant, in words they understand."""


class GenerationCancelled(DomainEvent, wire_name="generation.generation_cancelled.v1"):
    """The merchant stopped it; what was made is kept."""

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
