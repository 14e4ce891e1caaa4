"""Which products come first on the home page: those with a good score, a good fit and a good first picture."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from projections.catalog.views import ImageView, ProductView

LEAST = 0.4
"""What is left of a product's place with the poorest picture."""
UNSCORED = 0.5
"""Score of a product that the merchant added by hand."""


def first_places(products: Sequence[ProductView], images: Mapping[UUID, Sequence[ImageView]]) -> list[ProductView]:
    """Return the products with the most promising in front; equal ones keep their order."""
    return sorted(products, key=lambda product: -_promise(product, images.get(product.id, ())))


def _promise(product: ProductView, images: Sequence[ImageView]) -> float:
    score = UNSCORED if product.score is None else product.score.total
    fit = 1.0 if product.score is None or product.score.fit is None else product.score.fit
    shown = next((image for image in images if image.renditions), None)
    quality = 0.0 if shown is None or shown.quality is None else shown.quality
    return score * (LEAST + (1 - LEAST) * fit) * (LEAST + (1 - LEAST) * quality)
