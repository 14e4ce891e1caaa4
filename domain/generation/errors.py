"""Refusals of a generation."""

from typing import ClassVar
from uuid import UUID

from domain.generation.events import JobStatus, Step
from domain.kernel import DomainError


class GenerationEnded(DomainError):
    """The job has ended: the result comes too late, or the request makes no sense."""

    code: ClassVar[str] = "GENERATION_ENDED"

    def __init__(self, generation_id: UUID, status: JobStatus) -> None:
        super().__init__(f"Generation {generation_id} is {status}; no step is running. Run a step again to continue.")
        self.generation_id, self.status = generation_id, status


class StepNotRunning(DomainError):
    """The attempt of the step is not running: the step was retried, ended, or never started."""

    code: ClassVar[str] = "STEP_NOT_RUNNING"

    def __init__(self, generation_id: UUID, step: Step, attempt: int) -> None:
        super().__init__(f"Attempt {attempt} of step “{step}” is not running in generation {generation_id}.")
        self.generation_id, self.step, self.attempt = generation_id, step, attempt


class StepNotRetryable(DomainError):
    """The step is running, was never started, or has nothing to retry."""

    code: ClassVar[str] = "STEP_NOT_RETRYABLE"

    def __init__(self, step: Step, status: JobStatus) -> None:
        hint = (
            "there is nothing to retry. Use regenerateStep to run it and the steps that depend on it again."
            if status is JobStatus.COMPLETED
            else "only a step that has ended can be run again. Wait for its end."
        )
        super().__init__(f"Step “{step}” is {status}; {hint}")
        self.step, self.status = step, status


class NicheUnanswered(DomainError):
    """The niche must be clear before a step can start."""

    code: ClassVar[str] = "NICHE_UNANSWERED"

    def __init__(self, question: str) -> None:
        super().__init__(f"The generation waits for your answer: {question}")


class NothingToContinue(DomainError):
    """The job does not wait for the merchant, or cannot go on as it is."""

    code: ClassVar[str] = "NOTHING_TO_CONTINUE"

    def __init__(self, why: str) -> None:
        super().__init__(f"The generation cannot go on as it is: {why}")
