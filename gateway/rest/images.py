"""``/images``: the studio."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import JSONResponse

from commands.media import RequestImage, RequestImages
from domain.kernel import InvalidInput
from domain.media.events import Operation
from gateway.api.command_request import Request
from gateway.api.validation import as_id, found, image_request
from gateway.rest.dependencies import Body, Merchant, MerchantContext, accepted
from gateway.rest.schemas import ImageJobBody
from projections.catalog import queries as catalog_queries

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
async def process(body: ImageRequestBody, asked: Merchant) -> JSONResponse:
    """Answer with the image job."""
    return await _send(asked, body.store_id, body)


@router.post("/batch", status_code=202, summary="Send several images to the studio")
async def batch(body: BatchBody, asked: Merchant) -> JSONResponse:
    """Answer with the image jobs, in the order of the request; all are sent, or where one is refused none."""
    request, commands = asked.change(), []
    for number, image in enumerate(body.images):
        try:
            commands.append(await _request_for(asked, request, body.store_id, image, number))
        except InvalidInput as refusal:
            raise refusal.within(f"images.{number}") from refusal
    receipt = await request.send(RequestImages(images=commands))
    return accepted(receipt, {"jobs": [_job(image) for image in receipt.result]})


@router.post("/backgrounds", status_code=202, summary="Place a product on another ground")
async def backgrounds(body: BackgroundBody, asked: Merchant) -> JSONResponse:
    """Answer with the image job."""
    placed = ImageBody(
        url=body.url,
        image_id=body.image_id,
        product_id=body.product_id,
        alt_text=body.alt_text,
        operations=list(ON_GROUND),
        ground=body.ground,
    )
    return await _send(asked, body.store_id, placed)


@router.get("/jobs/{id}", summary="How an image stands")
async def get_image_job(id: str, asked: Merchant) -> ImageJobBody:
    """Return one of the merchant's own images."""
    image_id = as_id("image job", id)
    view = await catalog_queries.media_by_id(asked.db, image_id, scope=asked.scope)
    return ImageJobBody.of(found(view, "image job", image_id), asked.deps)


async def _send(asked: MerchantContext, store: str, image: ImageBody) -> JSONResponse:
    request = asked.change()
    receipt = await request.send(await _request_for(asked, request, store, image))
    job = _job(receipt.result)
    return accepted(receipt, job, location=f"/api/v1/images/jobs/{job['jobId']}")


async def _request_for(
    asked: MerchantContext, request: Request, store: str, image: ImageBody, number: int = 0
) -> RequestImage:
    return await image_request(
        asked.db,
        merchant_id=asked.merchant_id,
        store_id=as_id("store", store),
        new_id=request.new_id("image", str(number)),
        image_id=None if image.image_id is None else as_id("image", image.image_id),
        product_id=None if image.product_id is None else as_id("product", image.product_id),
        url=image.url,
        alt_text=image.alt_text,
        operations=image.operations,
        ground=image.ground,
    )


def _job(image: Mapping[str, Any]) -> dict[str, Any]:
    return {"jobId": image["image_id"], "attempt": image["attempt"]}
