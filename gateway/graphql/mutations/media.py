"""Mutations of media files."""

from uuid import UUID

import strawberry

from commands.ports import Receipt
from gateway.api.client_errors import REFUSALS
from gateway.api.command_request import CommandRequest
from gateway.api.commands import choose_image_version, request_image
from gateway.api.uploads import open_upload
from gateway.api.validation import as_id
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.errors import user_error
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import ChooseImageVersionInput, ProcessImageInput, RequestUploadInput
from gateway.graphql.mutations.payloads import MediaAssetPayload, UploadPayload, change
from gateway.graphql.queries.root import find_media
from gateway.graphql.types.media import UploadTarget, as_gid


@strawberry.type
class MediaMutations:
    @mutation(
        "Send a new or an existing photo to the studio. In a published store, the new picture of an existing one waits as a "
        "draft: the mediaAsset is the new picture, and its draftId is for acceptDraft and dropDraft."
    )
    async def process_image(self, info: Info, input: ProcessImageInput) -> MediaAssetPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await request.send(await request_image(request, input.store_id, input, request.new_id("image")))

        async def show(reading: ReadContext, receipt: Receipt) -> dict[str, object]:
            return {"media_asset": await find_media(reading, UUID(receipt.result["image_id"]))}

        return await change(info, MediaAssetPayload, input, send, show)

    @mutation(
        "Get an address for a photo's file. Send the file there by PUT, with its type as `Content-Type`, then pass `uploadId` to "
        "processImage, which checks type, size and pixels. A file that no image uses is deleted after a day."
    )
    async def request_upload(self, info: Info, input: RequestUploadInput) -> UploadPayload | None:
        request = await info.context.begin(input.command_id)
        try:
            upload, url = await open_upload(request, as_id("store", input.store_id), input.mime_type, input.size)
        except REFUSALS as error:
            return UploadPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        target = UploadTarget(id=as_gid(upload.upload_id), url=url, mime_type=upload.mime_type, expires_at=upload.until)
        return UploadPayload(upload=target, client_mutation_id=input.client_mutation_id)

    @mutation(
        "Choose the version of an image that shoppers see. Choose the version that is shown to accept it. "
        "A version that is not stored is requested from the studio; in a published store as a draft, as by processImage."
    )
    async def choose_image_version(self, info: Info, input: ChooseImageVersionInput) -> MediaAssetPayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                choose_image_version(request, input.image_id, input.version, input.expected_version)
            )

        async def show(reading: ReadContext, receipt: Receipt) -> dict[str, object]:
            return {"media_asset": await find_media(reading, UUID(receipt.result["image_id"]))}

        return await change(info, MediaAssetPayload, input, send, show)
