"""The steps of a generation: their order, time limits, and the state of one step."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from domain.generation.events import Attention, JobStatus, JobType, Step

NEEDS: Mapping[Step, frozenset[Step]] = {
    Step.BRAND: frozenset(),
    Step.SCOUT: frozenset(),
    Step.COPY: frozenset({Step.BRAND, Step.SCOUT}),
    Step.IMAGES: frozenset({Step.BRAND, Step.SCOUT}),
    Step.PAGES: frozenset({Step.BRAND, Step.SCOUT}),
}
"""The steps that must succeed before a step starts."""

INVALIDATES: Mapping[Step, frozenset[Step]] = {
    Step.BRAND: frozenset({Step.COPY, Step.PAGES}),
    Step.SCOUT: frozenset({Step.COPY, Step.IMAGES, Step.PAGES}),
}
"""The steps that run again after a step's new result, without a request.

New products need their own texts and photos, and pages state prices, delivery times and what is sold. Product texts and
pages name the brand. Photos stay after a new brand: their background is a matter of taste and processing them takes
longest, so the merchant decides.
"""

TIMEOUTS: Mapping[Step, timedelta] = {
    Step.BRAND: timedelta(minutes=3),
    Step.SCOUT: timedelta(minutes=5),
    Step.COPY: timedelta(minutes=10),
    Step.IMAGES: timedelta(minutes=20),
    Step.PAGES: timedelta(minutes=5),
}
"""The time limit of each step."""

WEIGHTS: Mapping[Step, int] = {Step.BRAND: 15, Step.SCOUT: 20, Step.COPY: 20, Step.IMAGES: 35, Step.PAGES: 10}
"""Each step's share of the job's progress, in percent."""

JOB_TYPES: Mapping[Step, JobType] = {
    Step.BRAND: JobType.BRAND_GENERATOR,
    Step.SCOUT: JobType.PRODUCT_SCOUT,
    Step.COPY: JobType.COPYWRITER,
    Step.IMAGES: JobType.IMAGE_PROCESSOR,
    Step.PAGES: JobType.COPYWRITER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """The state of one step."""

    status: JobStatus = JobStatus.PENDING
    attempt: int = 0
    items: frozenset[str] = frozenset()
    total: int = 0
    reason: str = ""
    """Why the step failed, for the merchant; empty unless it failed."""
    attention: Attention | None = None
    """What the step asks the merchant; None unless it needs attention."""
    has_result: bool = False
    """Whether an attempt has succeeded; a later attempt that runs or is cancelled does not change that."""
    outdated: bool = False
    """Whether a step it needs has a newer result, so that it starts again once it does not run."""

    @property
    def is_done(self) -> bool:
        """Whether other steps can use its result: the last attempt's, or an earlier one's if the last was cancelled."""
        return self.status is JobStatus.COMPLETED or (self.status is JobStatus.CANCELLED and self.has_result)

    @property
    def progress(self) -> int:
        """Progress from 0 to 100."""
        if self.status is JobStatus.COMPLETED:
            return 100
        return min(99, 100 * len(self.items) // self.total) if self.total else 0

    def cancelled(self) -> "StepState":
        """Return the state after the job's cancellation."""
        ended = self.status in {JobStatus.PROCESSING, JobStatus.FAILED, JobStatus.NEEDS_ATTENTION}
        return replace(self, status=JobStatus.CANCELLED, reason="", attention=None) if ended else self
