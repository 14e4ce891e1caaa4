"""Refusals of an image."""

from typing import ClassVar
from uuid import UUID

from domain.kernel import DomainError


class ImageVersionUnavailable(DomainError):
    """The image has no such version to choose."""

    code: ClassVar[str] = "IMAGE_VERSION_UNAVAILABLE"

    def __init__(self, image_id: UUID, why: str) -> None:
        super().__init__(f"Image {image_id}: {why}")
        self.image_id = image_id
