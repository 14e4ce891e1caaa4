"""Queries about product images and media assets."""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections.abc import Callable, Collection
from operator import attrgetter
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import msgspec

from domain.media.events import CutoutReview, ImageVersion, MediaType, Operation, RejectionReason
from projections.catalog.queries.scoped import of_store, within
from projections.catalog.views import (
    FINISHED,
    ImageReview,
    ImageState,
    ImageView,
    MediaAssetView,
    MediaSort,
    RenditionView,
    largest,
)
from projections.engine.tally import read_tally, total
from projections.reading.columns import Attribute, Only, ViewColumns, column, grouped
from projections.reading.conditions import Conditions, parts_of
from projections.reading.cursors import Order
from projections.reading.paging import Reader, Slice, Window, paginate
from projections.reading.scope import Scope

_renditions = msgspec.json.Decoder(list[RenditionView]).decode


def _by_name(renditions: str) -> dict[str, RenditionView]:
    return {rendition.name: rendition for rendition in _renditions(renditions)}


def _review(record: Any, renditions: dict[str, RenditionView]) -> ImageReview | None:
    if record["review"] is None:
        return None
    judged, shown = CutoutReview.model_validate_json(record["review"]), ImageVersion(record["shown"])
    other = _by_name(record["other_renditions"])
    original, cutout = (renditions, other) if shown is ImageVersion.ORIGINAL else (other, renditions)
    return ImageReview(
        confidence=judged.confidence,
        reason=judged.reason,
        signals=judged.signals,
        shown=shown,
        original=original,
        cutout=cutout,
    )


_REVIEW = Attribute(
    ("review", "shown", "renditions", "other_renditions"),
    lambda record: None if record["review"] is None else _review(record, _by_name(record["renditions"])),
)
IMAGES: ViewColumns[ImageView] = ViewColumns(
    ImageView,
    {name: f"m.{name}" for name in (*ImageView.__dataclass_fields__, "shown", "other_renditions")},
    {
        "status": column("status", ImageState),
        "renditions": column("renditions", _by_name),
        "review": _REVIEW,
        "rejection": column("rejection", RejectionReason),
    },
    always=frozenset({"id", "product_id"}),
)
"""The columns of an image ``m``."""


def _filename(url: str | None) -> str:
    """Return a file's name, taken from its original photo."""
    if url is None:
        return "logo.svg"
    try:
        stem = PurePosixPath(unquote(urlsplit(url).path)).stem
    except ValueError:
        stem = ""
    return f"{stem[:100] or 'image'}.webp"


class _Studio(msgspec.Struct):
    """What the studio did to an image."""

    operations: list[Operation]
    source_sha256: str
    source_width: int
    source_height: int
    seconds: float


_studio = msgspec.json.Decoder(_Studio).decode


def _of_studio(read: Callable[[_Studio], Any], otherwise: Any = None) -> Attribute:
    return Attribute(
        ("studio",), lambda record: otherwise if record["studio"] is None else read(_studio(record["studio"]))
    )


def _of_largest(read: Callable[[RenditionView], Any]) -> Attribute:
    def of(record: Any) -> Any:
        large = largest(_by_name(record["renditions"]))
        return None if large is None else read(large)

    return Attribute(("renditions",), of)


def _of_file(logo: Callable[[str], Any], image: Callable[[RenditionView], Any]) -> Attribute:
    """Return an attribute of the file: of a logo's document, or of an image's largest rendition."""
    of_image = _of_largest(image)
    return Attribute(
        ("content", *of_image.columns),
        lambda record: of_image.read(record) if record["content"] is None else logo(record["content"]),
    )


MEDIA: ViewColumns[MediaAssetView] = ViewColumns(
    MediaAssetView,
    {name: f"m.{name}" for name in (*MediaAssetView.__dataclass_fields__, "shown", "other_renditions", "studio")},
    {
        "type": column("type", MediaType),
        "status": column("status", ImageState),
        "filename": Attribute(("original_url",), lambda record: _filename(record["original_url"])),
        "mime_type": _of_file(lambda _content: "image/svg+xml", lambda large: large.mime_type),
        "size_bytes": _of_file(lambda content: len(content.encode()), lambda large: large.size_bytes),
        "key": _of_largest(lambda large: large.key),
        "width": _of_largest(lambda large: large.width),
        "height": _of_largest(lambda large: large.height),
        "renditions": column("renditions", _by_name),
        "operations": _of_studio(lambda studio: tuple(studio.operations), ()),
        "source_sha256": _of_studio(lambda studio: studio.source_sha256),
        "source_width": _of_studio(lambda studio: studio.source_width),
        "source_height": _of_studio(lambda studio: studio.source_height),
        "seconds": _of_studio(lambda studio: studio.seconds),
        "review": _REVIEW,
        "rejection": column("rejection", RejectionReason),
    },
    always=frozenset({"id", "store_id"}),
)
"""The columns of a media asset ``m``."""

NEWEST_MEDIA = Order(name="created", key="m.created_at", type="timestamptz", descending=True)
MEDIA_ORDERS = {MediaSort.NEWEST: NEWEST_MEDIA, MediaSort.OLDEST: NEWEST_MEDIA.reverse("created-oldest")}


async def images_by_products(
    db: Reader, product_ids: Collection[UUID], *, scope: Scope, only: Only = None
) -> dict[UUID, tuple[ImageView, ...]]:
    """Return each product's images by position; each id of ``product_ids`` is a key."""
    selection = IMAGES.selection(only)
    where = within(scope, Conditions().add("m.product_id = any({})", list(product_ids)), "m.store_id")
    records = await db.fetch(
        f"select {selection.sql} from media m where {where.sql} order by m.position, m.created_at, m.id",
        *where.arguments,
    )
    return grouped(map(selection.read, records), product_ids, by=attrgetter("product_id"))


async def media_of_store(
    db: Reader,
    store_id: UUID,
    window: Window,
    *,
    scope: Scope,
    types: Collection[MediaType] = (),
    statuses: Collection[ImageState] = FINISHED,
    sort: MediaSort = MediaSort.NEWEST,
    only: Only = None,
) -> Slice[MediaAssetView]:
    """Return a store's media assets without those of drafts, by the time of the image, not of its product.

    Args:
        db: the database.
        store_id: the store.
        window: the page.
        scope: whose rows may be returned.
        types: only these types; empty means any.
        statuses: only assets in one of these; empty means any.
        sort: the order of the list.
        only: the attributes that the caller reads; see :mod:`projections.reading.columns`.

    Raises:
        InvalidInput: the window or a cursor is invalid.
    """
    return await paginate(
        db,
        selection=MEDIA.selection(only),
        table="media m",
        where=_in_parts(store_id, types, statuses, scope),
        order=MEDIA_ORDERS[sort],
        window=window,
        id="m.id",
    )


def _in_parts(
    store_id: UUID, types: Collection[MediaType], statuses: Collection[ImageState], scope: Scope
) -> Conditions:
    """Return the conditions of a list that is split by type and status."""
    where = of_store(scope, "m.store_id", store_id).add("m.type = kind.name").add("m.status = part.name")
    where.add("m.draft_id is null")
    parts = f"{parts_of(statuses or ImageState)} cross join {parts_of(types or MediaType, 'kind')}"
    return where.split(parts)


async def count_media(
    db: Reader,
    store_id: UUID,
    *,
    scope: Scope,
    types: Collection[MediaType] = (),
    statuses: Collection[ImageState] = FINISHED,
) -> int:
    """Return how many assets :func:`media_of_store` lists."""
    where = of_store(scope, "k.store_id", store_id)
    counts = await db.fetchval(f"select k.counts from media_counts k where {where.sql}", *where.arguments)
    return 0 if counts is None else total(read_tally(counts), types, statuses)


async def media_by_id(db: Reader, id: UUID, *, scope: Scope, only: Only = None) -> MediaAssetView | None:
    """Return a media asset, whatever its status."""
    return (await media_by_ids(db, [id], scope=scope, only=only)).get(id)


async def media_by_ids(
    db: Reader, ids: Collection[UUID], *, scope: Scope, only: Only = None
) -> dict[UUID, MediaAssetView]:
    """Return the media assets with these ids; unknown ids are left out."""
    selection = MEDIA.selection(only)
    where = within(scope, Conditions().add("m.id = any({})", list(ids)), "m.store_id")
    records = await db.fetch(f"select {selection.sql} from media m where {where.sql}", *where.arguments)
    return {asset.id: asset for asset in map(selection.read, records)}
