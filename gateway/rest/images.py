"""``/images``: the studio."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import JSONResponse

from domain.media.events import Operation
from gateway.inputs import image_request
from gateway.rest.asking import Asked, Asking, Body, accepted, as_id, found
from gateway.rest.bodies import ImageJobBody
from projections import catalog_queries

router = APIRouter(tags=["images"], prefix="/images")

BATCH_MAX = 50
ON_GROUND = (Operation.REMOVE_BACKGROUND, Operation.PLACE_ON_GROUND)


class ImageBody(Body):
    """A new photo by its ``url``, or a known one by its ``imageId``."""

    url: str | None = None
    image_id: str | None = None
    product_id: str | None = None
    alt_text: str | None = None
    operations: list[Operation] | None = None
    ground: str | None = None


class ImageRequestBody(ImageBody):
    """An image of a store."""

    store_id: str


class BatchBody(Body):
    """Several images of a store."""

    store_id: str
    images: Annotated[list[ImageBody], Field(min_length=1, max_length=BATCH_MAX)]


class BackgroundBody(Body):
    """A product's image, and the colour it is to stand on; the brand's surface colour when left out."""

    store_id: str
    image_id: str | None = None
    url: str | None = None
    product_id: str | None = None
    alt_text: str | None = None
    ground: str | None = None


@router.post("/process", status_code=202, summary="Send an image to the studio")
async def process(body: ImageRequestBody, asked: Asked) -> JSONResponse:
    """Answer with the image job."""
    return await _send(asked, body.store_id, [body])


@router.post("/batch", status_code=202, summary="Send several images to the studio")
async def batch(body: BatchBody, asked: Asked) -> JSONResponse:
    """Answer with the image jobs, in the order of the request; all are checked before the first is sent."""
    return await _send(asked, body.store_id, body.images, as_batch=True)


@router.post("/backgrounds", status_code=202, summary="Place a product on another ground")
async def backgrounds(body: BackgroundBody, asked: Asked) -> JSONResponse:
    """Answer with the image job."""
    placed = ImageBody(
        url=body.url,
        image_id=body.image_id,
        product_id=body.product_id,
        alt_text=body.alt_text,
        operations=list(ON_GROUND),
        ground=body.ground,
    )
    return await _send(asked, body.store_id, [placed])


@router.get("/jobs/{id}", summary="How an image stands")
async def get_image_job(id: str, asked: Asked) -> ImageJobBody:
    """Return one of the merchant's own images."""
    image_id = as_id("image job", id)
    view = await catalog_queries.media_by_id(asked.db, image_id, merchant_id=asked.merchant_id)
    return ImageJobBody.of(found(view, "image job", image_id), asked.deps)


async def _send(asked: Asking, store: str, images: Sequence[ImageBody], *, as_batch: bool = False) -> JSONResponse:
    request, store_id = asked.change(), as_id("store", store)
    commands = [
        await image_request(
            asked.db,
            merchant_id=asked.merchant_id,
            store_id=store_id,
            new_id=request.new_id("image", str(number)),
            image_id=None if one.image_id is None else as_id("image", one.image_id),
            product_id=None if one.product_id is None else as_id("product", one.product_id),
            url=one.url,
            alt_text=one.alt_text,
            operations=one.operations,
            ground=one.ground,
        )
        for number, one in enumerate(images)
    ]
    jobs = []
    for number, command in enumerate(commands):
        receipt = await request.send(command, part=f"image:{number}")
        jobs.append({"jobId": receipt.result["image_id"], "attempt": receipt.result["attempt"]})
    if as_batch:
        return accepted(receipt, {"jobs": jobs})
    return accepted(receipt, jobs[0], location=f"/api/v1/images/jobs/{jobs[0]['jobId']}")
