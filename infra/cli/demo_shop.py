"""``python -m infra.cli.demo_shop STORE_ID``: make the demo shop's file from a store of the running platform.

The store comes from ``zyenta demo NICHE --once`` with the built-in rules and the sample supplier, so that all of its texts
and photos are the platform's own.
"""

import asyncio
import sys
from uuid import UUID

from domain.generation.aggregate import generation_of
from domain.media.events import ImageProcessed, ImageRejected
from domain.store.events import StoreRequested
from infra.bootstrap import open_platform
from infra.cli.platform_settings import settings_of_running
from infra.demo.shop.recording import ShopRecording, write_shop
from infra.replay.recording import read_recording


async def main(store_id: UUID) -> None:
    """Write the file."""
    async with settings_of_running() as settings, open_platform(settings) as platform:
        recording = await read_recording(await platform.log(), await platform.pool(), generation_of(store_id))
        events = [envelope.event for envelope in recording.store]
        photos = [event for event in events if isinstance(event, ImageProcessed | ImageRejected)]
        media = {}
        for photo in photos:
            for rendition in () if isinstance(photo, ImageRejected) else (*photo.renditions, *photo.other_renditions):
                stored = await (await platform.media()).get(rendition.key)
                assert stored is not None, f"{rendition.key} is missing"
                media[rendition.key.rpartition("/")[2]] = stored[0]
    sandbox, storefront = settings.sandbox_url, settings.storefront_domain
    write_shop(
        ShopRecording(
            niche=next(event.niche for event in events if isinstance(event, StoreRequested)),
            store_id=store_id,
            answers={
                key: answer.decode().replace(sandbox, "{sandbox}").replace(storefront, "{storefront}")
                for key, answer in recording.answers.items()
            },
            photos=photos,
            media=media,
        )
    )


if __name__ == "__main__":
    asyncio.run(main(UUID(sys.argv[1])))
