"""Photos of a live shop in the dashboard: made again as drafts, with both pictures to compare."""

import re
from uuid import UUID

from commands.draft import ProposeDraft
from commands.image_result import RecordImage
from domain.draft.events import FieldChange
from domain.editing import EditField
from domain.ids import derived
from domain.media.aggregate import IMAGE
from domain.media.events import ImageVersion, Operation, Rendition
from domain.media.picture import Picture, picture_value
from tests.integration.gateway.test_dashboard_manage import a_shop, products_of
from tests.support.platforms.dashboard import a_dashboard
from tests.support.platforms.gateway import Merchant, Platform


async def test_a_photo_of_a_live_shop_is_made_again_beside_it_and_compared(platform: Platform, owner: Merchant) -> None:
    store_id = await a_shop(platform, owner)
    product, *_ = await products_of(platform, owner, store_id)
    photo = UUID(product["images"][0]["id"])
    base = f"/dashboard/stores/{store_id}"
    path, drafts = f"{base}/media/{photo}", f"{base}/drafts"
    async with a_dashboard(platform, owner) as dashboard:
        assert f"{path}#again" in await dashboard.get(f"{base}/products/{product['id']}")
        again = {"do": "again", "altText": "A lamp", "operations": ["SHARPEN"], "ground": "#ffffff"}
        await dashboard.change(path, path, again)
        await platform.send(a_picture(photo, "aa", attempt=2))
        assert "You get a draft" in await dashboard.get(path)
        made = await dashboard.change(path, path, {**again, "altText": "A brass lamp"})
        assert "Shoppers see the present one until you accept it." in made
        (draft,) = re.findall(r'aria-labelledby="draft-([0-9a-f-]{36})"', made)
        picture = derived(UUID(draft), "picture")
        await platform.send(a_picture(picture, "bb"))
        made_of = a_picture(picture, "bb")
        proposed = Picture(
            picture_id=picture,
            renditions=made_of.renditions,
            shown=ImageVersion.ORIGINAL,
            source_sha256=made_of.source_sha256,
            source_width=10,
            source_height=10,
            operations=made_of.operations,
            alt_text="A brass lamp",
        )
        live = await platform.log.load(IMAGE, photo)
        assert live is not None
        change = FieldChange(
            field=EditField.PICTURE, base=picture_value(live.state), proposed=proposed.model_dump(mode="json")
        )
        await platform.send(ProposeDraft(draft_id=UUID(draft), changes=[change], written_by="studio"))
        compared = await dashboard.get(drafts)
        assert re.findall(r'alt="(As it is|Proposed): ([^"]*)"', compared) == [
            ("As it is", "A lamp"),
            ("Proposed", "A brass lamp"),
        ]
        assert str(picture) not in await dashboard.get(f"{base}/media"), "the gallery has the store's own pictures"
        await dashboard.change(drafts, f"{drafts}/{draft}", {"do": "some", "fields": ["PICTURE"]})
        shown = await dashboard.get(path)
        assert ("A brass lamp" in shown, "/bb.webp" in shown) == (True, True)


def a_picture(image_id: UUID, name: str, attempt: int = 1) -> RecordImage:
    rendition = Rendition(name="medium", key=f"sha256/{name}/{name}.webp", width=8, height=8, size_bytes=9)
    return RecordImage(
        image_id=image_id,
        attempt=attempt,
        renditions=[rendition],
        source_sha256="ab" * 32,
        source_size=(10, 10),
        operations=[Operation.SHARPEN],
        seconds=0.5,
    )
