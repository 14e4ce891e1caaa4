"""Mutations of media files."""

from uuid import UUID

import strawberry

from commands.ports import Receipt
from gateway.api.command_request import CommandRequest
from gateway.api.commands import request_image
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import ProcessImageInput
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
