"""The home page's first products have good scores and good pictures."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from domain.product.events import WinningScore
from projections.catalog.views import ImageState, ImageView, RenditionView
from storefront.pages.first_places import first_places
from tests.support.builders.samples import NOON

LARGE = RenditionView(name="large", key="sha256/ab/ab.webp", width=800, height=800, size_bytes=9)


class Shown:
    """The parts of a ``ProductView`` that the order reads."""

    def __init__(self, total: float, *, fit: float | None = None) -> None:
        self.id = uuid4()
        terms = dict.fromkeys(WinningScore.model_fields, 0.5) | {"total": total}
        self.score = WinningScore.model_construct(**(terms | {"fit": fit}))  # type: ignore[arg-type]


def image(product: Any, quality: float | None) -> ImageView:
    return ImageView(
        id=uuid4(),
        product_id=product.id,
        position=0,
        original_url="https://images.example/1.jpg",
        alt_text="",
        status=ImageState.PROCESSED,
        renditions={} if quality is None else {"large": LARGE},
        review=None,
        quality=quality,
        rejection=None,
        rejection_message=None,
        created_at=NOON,
        updated_at=NOON,
    )


def order(*products: tuple[Any, list[ImageView]]) -> list[Any]:
    images: dict[UUID, list[ImageView]] = {product.id: pictures for product, pictures in products}
    return first_places([product for product, _ in products], images)


def test_a_better_picture_goes_before_a_slightly_better_score() -> None:
    plain, clear = Shown(0.82), Shown(0.8)
    assert order((plain, [image(plain, 0.4)]), (clear, [image(clear, 0.95)])) == [clear, plain]


def test_a_much_better_score_goes_before_a_better_picture() -> None:
    best, pretty = Shown(0.95), Shown(0.4)
    assert order((pretty, [image(pretty, 1.0)]), (best, [image(best, 0.6)])) == [best, pretty]


def test_a_better_fit_goes_first() -> None:
    loose, close = Shown(0.8, fit=0.3), Shown(0.8, fit=0.95)
    assert order((loose, [image(loose, 0.9)]), (close, [image(close, 0.9)])) == [close, loose]


def test_the_first_finished_picture_counts() -> None:
    waiting, ready = Shown(0.8), Shown(0.8)
    first = image(ready, None)
    assert order((waiting, [image(waiting, None)]), (ready, [first, image(ready, 0.7)])) == [ready, waiting]
    assert order((waiting, [replace(first, quality=0.9)]), (ready, [image(ready, 0.7)])) == [ready, waiting]
