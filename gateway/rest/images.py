"""``/images``: send images to the studio and follow their jobs."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from commands.media import RequestImages
from domain.kernel import InvalidInput
from domain.media.events import Operation
from gateway.api.commands import choose_image_version, request_image
from gateway.api.validation import as_id, require
from gateway.rest.dependencies import CurrentMerchant, MerchantContext, changed
from gateway.rest.schemas.images import ImageJobBody
from gateway.rest.schemas.inputs import BackgroundInput, ImageBatchInput, ImageInput, ImageVersionInput, StoreImageInput
from projections.catalog import queries as catalog_queries

router = APIRouter(tags=["images"], prefix="/images")

ON_GROUND = (Operation.REMOVE_BACKGROUND, Operation.PLACE_ON_GROUND)


@router.post("/process", status_code=202, summary="Send an image to the studio")
async def process(body: StoreImageInput, context: CurrentMerchant) -> JSONResponse:
    """Return the id of the image job."""
    return await _send(context, body.store_id, body)


@router.post("/batch", status_code=202, summary="Send several images to the studio")
async def batch(body: ImageBatchInput, context: CurrentMerchant) -> JSONResponse:
    """Return the ids of the image jobs, in request order. If one image is refused, no image is sent."""
    request, commands = context.begin(), []
    for number, image in enumerate(body.images):
        try:
            commands.append(await request_image(request, body.store_id, image, request.new_id("image", str(number))))
        except InvalidInput as refusal:
            raise refusal.within(f"images.{number}") from refusal
    receipt = await request.send(RequestImages(images=commands))
    return changed(receipt, {"jobs": [_job(image) for image in receipt.result]})


@router.post("/backgrounds", status_code=202, summary="Place a product on a new background")
async def backgrounds(body: BackgroundInput, context: CurrentMerchant) -> JSONResponse:
    """Return the id of the image job."""
    image = ImageInput(
        url=body.url,
        image_id=body.image_id,
        product_id=body.product_id,
        alt_text=body.alt_text,
        operations=list(ON_GROUND),
        ground=body.ground,
    )
    return await _send(context, body.store_id, image)


@router.get("/jobs/{id}", summary="Get an image job")
async def get_image_job(id: str, context: CurrentMerchant) -> ImageJobBody:
    """Return the state of one of the merchant's images."""
    image_id = as_id("image job", id)
    view = await catalog_queries.media_by_id(context.db, image_id, scope=context.scope)
    return ImageJobBody.of(require(view, "image job", image_id), context.deps)


@router.post("/{id}/version", status_code=202, summary="Choose the version of an image")
async def choose_version(id: str, body: ImageVersionInput, context: CurrentMerchant) -> JSONResponse:
    """Show the cut-out or the whole photo to shoppers.

    Choose the version that is shown to accept it. A version that is not stored is requested from the studio.
    """
    request = context.begin()
    receipt = await request.send(choose_image_version(request, id, body.version, body.expected_version))
    job = {"jobId": receipt.result["image_id"], "requested": receipt.result["requested"]}
    return changed(receipt, job, location=f"/api/v1/images/jobs/{job['jobId']}")


async def _send(context: MerchantContext, store: str, image: ImageInput) -> JSONResponse:
    request = context.begin()
    receipt = await request.send(await request_image(request, store, image, request.new_id("image", "0")))
    job = _job(receipt.result)
    return changed(receipt, job, location=f"/api/v1/images/jobs/{job['jobId']}")


def _job(image: Mapping[str, Any]) -> dict[str, Any]:
    return {"jobId": image["image_id"], "attempt": image["attempt"]}
