"""Mutations of content pages."""

from uuid import UUID

import strawberry

from commands.page import AddPage, EditPage, RemovePage
from commands.ports import Receipt
from gateway.api.command_request import CommandRequest
from gateway.api.validation import as_id, require
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import AddPageInput, EditPageInput, MutationInput
from gateway.graphql.mutations.payloads import PagePayload, StorePayload, change
from gateway.graphql.queries.root import find_page, find_store
from projections.catalog import queries as catalog_queries


@strawberry.input
class RemovePageInput(MutationInput):
    page_id: strawberry.ID


@strawberry.type
class PageMutations:
    @mutation("Add a content page.")
    async def add_page(self, info: Info, input: AddPageInput) -> PagePayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                AddPage(
                    store_id=as_id("store", input.store_id),
                    merchant_id=request.merchant_id,
                    page_id=request.new_id("page"),
                    title=input.title,
                    content=input.content,
                )
            )

        async def show(reading: ReadContext, receipt: Receipt) -> dict[str, object]:
            return {"page": await find_page(reading, UUID(receipt.result["page_id"]))}

        return await change(info, PagePayload, input, send, show)

    @mutation("Edit a page. Omitted fields do not change, and its address stays.")
    async def edit_page(self, info: Info, input: EditPageInput) -> PagePayload | None:
        async def send(request: CommandRequest) -> Receipt:
            id = as_id("page", input.page_id)
            view = await catalog_queries.page_by_id(info.context.deps.reader, id, scope=request.scope)
            return await request.send(
                EditPage(
                    store_id=require(view, "page", id).store_id,
                    merchant_id=request.merchant_id,
                    page_id=id,
                    title=input.title,
                    content=input.content,
                    expected_version=input.expected_version,
                )
            )

        async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            return {"page": await find_page(reading, as_id("page", input.page_id))}

        return await change(info, PagePayload, input, send, show)

    @mutation("Drop a page. Legal pages stay, and a generation does not write a page of its type again.")
    async def remove_page(self, info: Info, input: RemovePageInput) -> StorePayload | None:
        async def send(request: CommandRequest) -> Receipt:
            id = as_id("page", input.page_id)
            deps = info.context.deps
            view = await catalog_queries.page_by_id(deps.reader, id, scope=request.scope)
            # A repeat finds no page any more; the first request's result names the store.
            before = None if view is not None else await deps.commands.outcome(request.command_id)
            if before is not None and isinstance(before.result, dict) and "store_id" in before.result:
                store_id = UUID(before.result["store_id"])
            else:
                store_id = require(view, "page", id).store_id
            return await request.send(RemovePage(store_id=store_id, merchant_id=request.merchant_id, page_id=id))

        async def show(reading: ReadContext, receipt: Receipt) -> dict[str, object]:
            return {"store": await find_store(reading, UUID(receipt.result["store_id"]))}

        return await change(info, StorePayload, input, send, show)
