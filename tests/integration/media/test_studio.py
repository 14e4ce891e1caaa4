"""The studio with the real model in real worker processes, which die, hang and are replaced."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from PIL import Image

from domain.kernel import Transient
from domain.media.events import ImageVersion, Operation, RejectionReason
from domain.media.ports import StudioResult, UnusableImage
from infra.adapters.media.disk import DiskMediaStore, content_key
from infra.adapters.media.studio import worker_pool as rembg_studio
from infra.adapters.media.studio.worker_pool import RembgStudio
from infra.sandbox.sample_supplier.goods import all_goods
from infra.sandbox.sample_supplier.pictures import PHOTOS, Shot, render
from tests.support.builders.networks import brightness_network
from tests.support.builders.photographs import encoded, opened, png_of, product_photo

EVERYTHING = list(Operation)
PHOTO = encoded(product_photo(1200, 900), "JPEG", quality=92)
SMALL = encoded(product_photo(260, 240), "JPEG")
GROUND = "#f4efe6"

Studios = Callable[..., RembgStudio]


def sizes(result: StudioResult) -> dict[str, tuple[int, int]]:
    return {rendition.name: (rendition.width, rendition.height) for rendition in result.renditions}


def supplied(id: str) -> bytes:
    """Return the sample supplier's photo of its goods of that id."""
    (goods,) = (goods for goods in all_goods() if goods.id == id)
    assert goods.photo is not None
    return render(Shot(photo=goods.photo, crop=goods.crop, printed_on=goods.printed_on))


def photo_of(name: str) -> bytes:
    """Return one of the sample supplier's photos."""
    return (PHOTOS / f"{name}.jpg").read_bytes()


def stranger(code: str) -> list[str]:
    """Return the command of a worker that reports ready and then misbehaves."""
    start = (
        "import os, struct, sys, time, msgspec\n"
        "from infra.adapters.media.studio.worker import READY, frame\n"
        "sys.stdout.buffer.write(frame(READY)); sys.stdout.buffer.flush()\n"
    )
    return [sys.executable, "-c", start + code]


async def test_a_photo_becomes_four_webp_pictures_of_the_product_on_the_brands_ground(studio: RembgStudio) -> None:
    result = await studio.process(PHOTO, operations=EVERYTHING, ground="#14101f")
    assert result.source_size == (1200, 900)
    assert {Operation.REMOVE_BACKGROUND, Operation.PLACE_ON_GROUND, Operation.SHARPEN} <= set(result.operations)
    for rendition, most in zip(result.renditions, (320, 640, 800, 1600), strict=True):
        picture = opened(rendition.data)
        assert (picture.format, rendition.mime_type) == ("WEBP", "image/webp")
        assert picture.size == (rendition.width, rendition.height)
        assert picture.width == picture.height <= min(most, 1200)
        corner, middle = picture.getpixel((3, 3)), picture.getpixel((picture.width // 2, picture.height // 2))
        assert max(corner) < 60, "the dark ground is where the light wall was"  # type: ignore[arg-type]
        assert middle[0] > 120, "the pot is still red"  # type: ignore[index]


async def test_a_framed_print_is_cut_out_along_its_frame_and_not_around_what_it_pictures(studio: RembgStudio) -> None:
    result = await studio.process(supplied("tennis-framed"), operations=EVERYTHING, ground=GROUND)
    assert Operation.REMOVE_BACKGROUND in result.operations
    picture = opened(result.renditions[2].data).convert("L")
    across = list(picture.crop((0, picture.height // 2, picture.width, picture.height // 2 + 1)).tobytes())
    begins = next(x for x, light in enumerate(across) if light < 150)
    assert min(across[begins : begins + 8]) < 60, "the frame is black, the ball in it is light"


async def test_a_print_whose_outline_cannot_be_seen_is_kept_as_it_was_photographed(studio: RembgStudio) -> None:
    result = await studio.process(supplied("slr-triptych"), operations=EVERYTHING, ground=GROUND)
    assert not {Operation.REMOVE_BACKGROUND, Operation.PLACE_ON_GROUND} & set(result.operations)


async def test_no_rendition_is_larger_than_its_photo(studio: RembgStudio) -> None:
    result = await studio.process(SMALL, operations=EVERYTHING, ground=GROUND)
    assert all(width <= 260 and height <= 260 for width, height in sizes(result).values())
    kept = await studio.process(SMALL, operations=[Operation.SHARPEN], ground=GROUND)
    assert sizes(kept) == dict.fromkeys(("thumbnail", "small", "medium", "large"), (260, 260))


async def test_the_same_photo_gives_the_same_bytes_and_so_the_same_keys(
    studio: RembgStudio, studio_with: Studios, tmp_path: Path
) -> None:
    store = DiskMediaStore(tmp_path)
    keys = []
    for worker in (studio, studio_with(workers=1)):
        result = await worker.process(PHOTO, operations=EVERYTHING, ground=GROUND)
        keys.append([await store.put(rendition.data, mime_type=rendition.mime_type) for rendition in result.renditions])
    assert keys[0] == keys[1]
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")} == set(keys[0])
    assert keys[0][0] == content_key(result.renditions[0].data, "image/webp")


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        (PHOTO[: len(PHOTO) // 2], RejectionReason.CORRUPT),
        (png_of(8_000, 6_000), RejectionReason.TOO_LARGE),
        (b"<!doctype html><h1>404</h1>", RejectionReason.NOT_AN_IMAGE),
        (encoded(product_photo(900, 120), "PNG"), RejectionReason.TOO_SMALL),
    ],
)
async def test_bad_photos_are_refused_with_a_reason_and_their_worker_goes_on(
    studio: RembgStudio, photo: bytes, reason: RejectionReason
) -> None:
    with pytest.raises(UnusableImage) as refused:
        await studio.process(photo, operations=EVERYTHING, ground=GROUND)
    assert refused.value.reason is reason
    assert refused.value.message
    (worker,) = studio.pids
    await studio.process(SMALL, operations=[], ground=GROUND)
    assert studio.pids == [worker]


async def test_a_photo_without_a_product_is_kept_as_it_is(studio: RembgStudio) -> None:
    noise = Image.frombytes("RGB", (400, 300), random.Random(1).randbytes(400 * 300 * 3))
    result = await studio.process(encoded(noise, "PNG"), operations=EVERYTHING, ground=GROUND)
    assert Operation.REMOVE_BACKGROUND not in result.operations
    assert sizes(result)["large"] == (400, 400), "all of it is shown"


async def test_a_cut_out_with_its_own_transparency_is_staged_as_it_is(studio: RembgStudio) -> None:
    cut = Image.new("RGBA", (500, 500), (0, 0, 0, 0))
    cut.paste("#b8402a", (150, 100, 350, 400))
    result = await studio.process(encoded(cut, "PNG"), operations=EVERYTHING, ground="#14101f")
    assert Operation.PLACE_ON_GROUND in result.operations
    picture = opened(result.renditions[-1].data)
    assert picture.getpixel((picture.width // 2, picture.height // 2))[0] > 120  # type: ignore[index]


async def test_a_doubtful_cut_out_is_not_shown_but_kept_beside_the_whole_photo(studio: RembgStudio) -> None:
    result = await studio.process(photo_of("road-bicycle"), operations=EVERYTHING, ground="#14101f")
    assert result.review is not None
    assert (result.review.shown, result.review.needs_review) == (ImageVersion.ORIGINAL, True)
    assert result.review.reason == "The background may show through the product."
    assert not {Operation.REMOVE_BACKGROUND, Operation.PLACE_ON_GROUND} & set(result.operations)
    assert sizes(result)["large"][0] == sizes(result)["large"][1], "squared"
    assert [each.name for each in result.other_renditions] == ["thumbnail", "small", "medium", "large"]
    assert opened(result.other_renditions[2].data).convert("L").getpixel((3, 3)) < 60, "on the brand's ground"  # type: ignore[operator]


async def test_a_clear_cut_out_is_shown_alone(studio: RembgStudio) -> None:
    result = await studio.process(photo_of("tan-leather-sofa"), operations=EVERYTHING, ground=GROUND)
    assert result.review is not None
    assert (result.review.shown, result.review.needs_review, result.review.reason) == (ImageVersion.CUTOUT, False, "")
    assert not result.other_renditions


async def test_without_a_request_to_cut_out_nothing_is_judged(studio: RembgStudio) -> None:
    assert (await studio.process(SMALL, operations=[Operation.SHARPEN], ground=GROUND)).review is None


@pytest.mark.parametrize("kind", ["isnet", "birefnet"])
async def test_a_stronger_model_is_used_by_its_path(studio_with: Studios, tmp_path: Path, kind: str) -> None:
    """The stand-in takes bright things for the product. The real weights are too large for a test."""
    weights = tmp_path / "bright.onnx"
    weights.write_bytes(brightness_network(1024))
    scene = Image.new("RGB", (600, 500), "#101010")
    scene.paste("#f0e6d2", (200, 150, 400, 350))
    studio = studio_with(model=weights, kind=kind, workers=1)
    result = await studio.process(encoded(scene, "PNG"), operations=EVERYTHING, ground="#2040c0")
    assert Operation.REMOVE_BACKGROUND in result.operations
    picture = opened(result.renditions[2].data)
    corner, middle = picture.getpixel((4, 4)), picture.getpixel((picture.width // 2, picture.height // 2))
    assert corner[2] > 100, "the ground is the brand's"  # type: ignore[index]
    assert middle[0] > 200, "the bright thing stays"  # type: ignore[index]


async def test_a_killed_worker_is_replaced_and_its_photo_processed(studio: RembgStudio) -> None:
    await studio.process(SMALL, operations=[], ground=GROUND)
    (first,) = studio.pids
    os.kill(first, signal.SIGSTOP)
    processing = asyncio.create_task(studio.process(SMALL, operations=[], ground=GROUND))
    await until(lambda: not studio.pids)
    os.kill(first, signal.SIGKILL)
    assert sizes(await processing)["large"] == (260, 260)
    assert first not in studio.pids


async def test_a_wedged_worker_is_given_up_and_its_photo_processed(studio_with: Studios) -> None:
    studio = studio_with(workers=1, seconds=4)
    await studio.process(SMALL, operations=[], ground=GROUND)
    (first,) = studio.pids
    os.kill(first, signal.SIGSTOP)
    assert sizes(await studio.process(SMALL, operations=[], ground=GROUND))["large"] == (260, 260)
    await until(lambda: not _alive(first))


@pytest.mark.parametrize(
    "misdeed",
    [
        "sys.stdin.buffer.read(9); os.abort()",
        "sys.stdin.buffer.read(9); sys.stdout.buffer.write(b'\\xff' * 99); sys.stdout.flush(); time.sleep(60)",
        "sys.stdin.buffer.read(9); sys.stdout.buffer.write(struct.pack('!I', 3) + b'abc'); sys.stdout.flush(); time.sleep(60)",
    ],
)
async def test_a_photo_that_ends_every_worker_is_refused_and_nothing_is_left_over(
    studio_with: Studios, misdeed: str
) -> None:
    studio = studio_with(workers=1, command=stranger(misdeed))
    before = worker_pids()
    with pytest.raises(UnusableImage) as refused:
        await studio.process(SMALL, operations=[], ground=GROUND)
    assert refused.value.reason is RejectionReason.CORRUPT
    # Workers of other tests may be ending.
    await until(lambda: worker_pids() <= before)


async def test_a_studio_without_its_model_says_how_to_get_it(studio_with: Studios, tmp_path: Path) -> None:
    with pytest.raises(Transient, match="make setup"):
        await studio_with(model=tmp_path / "none.onnx").process(SMALL, operations=[], ground=GROUND)


async def test_a_broken_model_is_an_outage_of_the_studio_and_rejects_no_photo(
    studio_with: Studios, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"nothing that was ever trained")
    with pytest.raises(Transient, match="did not start"):
        await studio_with(model=broken).process(SMALL, operations=[], ground=GROUND)


async def test_a_cancelled_photo_leaves_no_worker_that_answers_the_next_with_it(studio: RembgStudio) -> None:
    await studio.process(SMALL, operations=[], ground=GROUND)
    processing = asyncio.create_task(studio.process(PHOTO, operations=EVERYTHING, ground=GROUND))
    await until(lambda: not studio.pids)
    processing.cancel()
    await asyncio.gather(processing, return_exceptions=True)
    assert sizes(await studio.process(SMALL, operations=[], ground=GROUND))["large"] == (260, 260)


async def test_workers_end_when_there_is_nothing_to_do(studio_with: Studios) -> None:
    studio = studio_with(workers=1, idle_seconds=0.2)
    await studio.process(SMALL, operations=[], ground=GROUND)
    (worker,) = studio.pids
    await until(lambda: not _alive(worker))
    assert sizes(await studio.process(SMALL, operations=[], ground=GROUND))["large"] == (260, 260)


async def test_a_prepared_studio_has_its_workers_before_the_first_photo_and_starts_no_others(
    studio_with: Studios,
) -> None:
    studio = studio_with(workers=2)
    studio.prepare()
    studio.prepare()
    await until(lambda: len(studio.pids) == 2)
    waiting = set(studio.pids)
    await asyncio.gather(*(studio.process(SMALL, operations=[], ground=GROUND) for _ in range(4)))
    assert set(studio.pids) == waiting


async def test_a_photo_that_comes_while_a_worker_starts_waits_for_it(studio_with: Studios) -> None:
    studio, before = studio_with(workers=1), worker_pids()
    studio.prepare()
    await studio.process(SMALL, operations=[], ground=GROUND)
    assert worker_pids() - before == set(studio.pids)
    assert len(studio.pids) == 1


async def test_prepared_workers_end_when_no_photo_comes(studio_with: Studios) -> None:
    studio = studio_with(workers=2, idle_seconds=2)
    before = worker_pids()
    studio.prepare()
    await until(lambda: bool(worker_pids() - before))
    await until(lambda: worker_pids() <= before)
    assert not studio.pids


async def test_a_studio_that_cannot_be_prepared_says_so_with_the_first_photo(
    studio_with: Studios, tmp_path: Path
) -> None:
    studio = studio_with(model=tmp_path / "u2netp.onnx")
    studio.prepare()
    with pytest.raises(Transient, match="make setup"):
        await studio.process(SMALL, operations=[], ground=GROUND)


async def test_workers_are_replaced_now_and_then(studio_with: Studios, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = studio_with(workers=1)
    monkeypatch.setattr(rembg_studio, "RECYCLE_AFTER", 2)
    seen = []
    for _ in range(2):
        await studio.process(SMALL, operations=[], ground=GROUND)
        seen.append(studio.pids)
    assert (len(seen[0]), len(seen[1])) == (1, 0)


async def test_a_worker_gets_none_of_our_secrets(studio_with: Studios, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = studio_with(workers=1)
    monkeypatch.setenv("OPENAI_API_KEY", "not-for-decoders")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@host/db")
    await studio.process(SMALL, operations=[], ground=GROUND)
    (worker,) = studio.pids
    environment = psutil.Process(worker).environ()
    assert not {"OPENAI_API_KEY", "DATABASE_URL"} & set(environment)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


def worker_pids() -> set[int]:
    """Return the process ids of all studios' workers."""
    found = set()
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if "studio.worker" in " ".join(child.cmdline()):
                found.add(child.pid)
    return found


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
