"""Mutations of media files."""

from uuid import UUID

import strawberry

from commands.ports import Receipt
from gateway.api.command_request import CommandRequest
from gateway.api.commands import choose_image_version, request_image
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import ChooseImageVersionInput, ProcessImageInput
from gateway.graphql.mutations.payloads import MediaAssetPayload, change
from gateway.graphql.queries.root import find_media


@strawberry.type
class MediaMutations:
    @mutation("Send a new or an existing photo to the studio.")
    async def process_image(self, info: Info, input: ProcessImageInput) -> MediaAssetPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await request.send(await request_image(request, input.store_id, input, request.new_id("image")))

        async def show(reading: ReadContext, receipt: Receipt) -> dict[str, object]:
            return {"media_asset": await find_media(reading, UUID(receipt.result["image_id"]))}

        return await change(info, MediaAssetPayload, input, send, show)

    @mutation(
        "Choose the version of an image that shoppers see. Choose the version that is shown to accept it. "
        "A version that is not stored is requested from the studio."
    )
    async def choose_image_version(self, info: Info, input: ChooseImageVersionInput) -> MediaAssetPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await request.send(choose_image_version(request, input.image_id, input.version))

        async def show(reading: ReadContext, receipt: Receipt) -> dict[str, object]:
            return {"media_asset": await find_media(reading, UUID(receipt.result["image_id"]))}

        return await change(info, MediaAssetPayload, input, send, show)
