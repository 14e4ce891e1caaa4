"""The studio: cuts the product out with rembg, stands it on the brand's ground, and exports WebP renditions.

The work runs in worker processes that are recycled, because rembg's memory grows over long runs, and that end when
there has been nothing to do for a while, because the model is most of the platform's memory.
"""

import asyncio
import ctypes
import io
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageOps, ImageStat, UnidentifiedImageError

from domain.kernel import Transient
from domain.media.events import Operation, RejectionReason
from domain.media.ports import RenderedImage, StudioResult, UnusableImage

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "MPO")
MAX_PIXELS = 40_000_000
MIN_SIDE = 200
WORKING_SIDE = 1024
"""The cut-out is made at this size; the model itself sees 320 pixels."""
SIZES = {"thumbnail": 320, "medium": 800, "large": 1600}
MARGIN = 0.09
"""Of the canvas, around the product."""
RECYCLE_AFTER = 150
"""Images a worker process makes before it is replaced."""
IDLE_SECONDS = 60
SECONDS = 60
"""One image is given up after this; thirty is the product's promise for the median."""


class RembgStudio:
    """Implements :class:`domain.media.ports.ImageStudio`."""

    def __init__(self, model: Path, *, workers: int = 2) -> None:
        """Take the model.

        Args:
            model: path of ``u2netp.onnx``.
            workers: processes; each takes about 600 MB while it works.
        """
        self._model = model
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._busy = 0
        self._idle: asyncio.TimerHandle | None = None

    async def process(self, photo: bytes, *, operations: Sequence[Operation], ground: str) -> StudioResult:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._workers,
                mp_context=get_context("spawn"),
                initializer=_end_with_parent,
                initargs=(os.getpid(),),
                max_tasks_per_child=RECYCLE_AFTER,
            )
        self._busy += 1
        try:
            async with asyncio.timeout(SECONDS * 4):
                work = self._pool.submit(develop, photo, list(operations), ground, str(self._model))
                return await asyncio.wrap_future(work)
        except BrokenProcessPool as error:
            self._pool = None
            raise Transient("the studio", "a worker process died") from error
        except TimeoutError as error:
            raise Transient("the studio", "an image took too long") from error
        finally:
            self._busy -= 1
            if self._busy == 0 and self._pool is not None:
                self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self.close)

    def close(self) -> None:
        """End the worker processes; the next image starts them again."""
        if self._pool is not None and self._busy == 0:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def develop(photo: bytes, operations: Sequence[Operation], ground: str, model: str) -> StudioResult:
    """Make all renditions of one photo; runs in a worker process.

    Raises:
        UnusableImage: not an image, corrupt, too small, or a decompression bomb.
    """
    image, source_size = load(photo)
    done: list[Operation] = []
    picture = image
    if Operation.REMOVE_BACKGROUND in operations:
        cutout = cut_out(image, model)
        if cutout is not None:
            picture = cutout
            done.append(Operation.REMOVE_BACKGROUND)
    if Operation.CORRECT_COLOUR in operations:
        corrected = correct_colour(picture)
        if corrected is not None:
            picture = corrected
            done.append(Operation.CORRECT_COLOUR)
    if Operation.PLACE_ON_GROUND in operations and picture.mode == "RGBA":
        picture = place(picture, ground)
        done.append(Operation.PLACE_ON_GROUND)
    elif picture.mode == "RGBA":
        picture = flatten(picture, ground)
    else:
        picture = square(picture)
    sharpen = Operation.SHARPEN in operations
    if sharpen:
        done.append(Operation.SHARPEN)
    return StudioResult(
        renditions=tuple(export(picture, name, side, sharpen) for name, side in SIZES.items()),
        source_size=source_size,
        operations=tuple(done),
    )


def load(photo: bytes) -> tuple[Image.Image, tuple[int, int]]:
    """Open a photo that may be hostile: the header is checked before anything is decoded.

    Raises:
        UnusableImage: see the reason.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(photo), formats=FORMATS)
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise UnusableImage(
                    RejectionReason.TOO_LARGE,
                    f"The photo has {width} x {height} pixels; {MAX_PIXELS // 1_000_000} million are the most.",
                )
            if min(width, height) < MIN_SIDE:
                raise UnusableImage(
                    RejectionReason.TOO_SMALL,
                    f"The photo has {width} x {height} pixels; {MIN_SIDE} on the shorter side are the least.",
                )
            image.draft("RGB", (2 * WORKING_SIDE, 2 * WORKING_SIDE))
            upright = ImageOps.exif_transpose(image)
            flat = (
                flatten(upright.convert("RGBA"), "#ffffff") if upright.has_transparency_data else upright.convert("RGB")
            )
    except UnusableImage:
        raise
    except UnidentifiedImageError as error:
        raise UnusableImage(RejectionReason.NOT_AN_IMAGE, "This is no image of a kind we can read.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnusableImage(RejectionReason.TOO_LARGE, "The photo unpacks to far more than it should.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UnusableImage(
            RejectionReason.CORRUPT, "The photo is damaged; it could not be read to its end."
        ) from error
    flat.thumbnail((max(SIZES.values()), max(SIZES.values())), Image.Resampling.LANCZOS)
    return flat, (width, height)


def cut_out(image: Image.Image, model: str) -> Image.Image | None:
    """Return the product alone, trimmed, with alpha; None if the model is not sure what the product is."""
    small = image.copy()
    small.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.LANCZOS)
    alpha: Image.Image = _session(model).predict(small)[0]
    histogram = alpha.histogram()
    total = sum(histogram)
    solid, unsure = sum(histogram[224:]) / total, sum(histogram[32:224]) / total
    if solid < 0.03 or unsure > max(0.12, 0.6 * solid):
        return None
    box = alpha.point(lambda value: 255 if value > 24 else 0).getbbox()
    if box is None:
        return None
    cut = without_halo(small, alpha)
    cut.putalpha(alpha)
    return cut.crop(box)


def without_halo(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """Return the image with its soft edge recoloured from the product's inside, so that no old background shines through.

    Where alpha is below solid, the colour is the Gaussian mean of the solid pixels nearby (normalised convolution,
    Knutsson and Westin 1993). rembg's own way goes through pymatting, whose import compiles for a minute.
    """
    solid = alpha.point(lambda value: 255 if value >= 240 else 0)
    blur = ImageFilter.GaussianBlur(5)
    inside = Image.composite(image, Image.new("RGB", image.size), solid).filter(blur)
    weight = np.asarray(solid.filter(blur), dtype=np.float32)[..., None] / 255
    near = np.asarray(inside, dtype=np.float32) / np.maximum(weight, 1e-3)
    original = np.asarray(image, dtype=np.float32)
    # Far from anything solid (thin straps) there is nothing to recolour from: keep what is there.
    edge = (np.asarray(solid)[..., None] == 0) & (weight > 0.02)
    return Image.fromarray(np.where(edge, near, original).clip(0, 255).astype(np.uint8), "RGB")


def correct_colour(image: Image.Image) -> Image.Image | None:
    """Return the image with a clear colour cast or poor exposure taken out; None if it needs nothing.

    Judged on the brightest tenth (what should be near white) and the overall lightness: good photos are left alone.
    """
    colours, alpha = image.convert("RGB"), image.getchannel("A") if image.mode == "RGBA" else None
    mask = None if alpha is None else alpha.point(lambda value: 255 if value > 200 else 0)
    lightness = ImageStat.Stat(colours.convert("L"), mask)
    if not lightness.count[0]:
        return None
    mean = lightness.mean[0]
    if 70 <= mean <= 200:
        return None
    gamma = min(1.35, max(0.75, (120 / max(mean, 1)) ** 0.35))
    table = [round(255 * (value / 255) ** (1 / gamma)) for value in range(256)] * 3
    corrected = colours.point(table)
    if alpha is not None:
        corrected.putalpha(alpha)
    return corrected


def place(cut: Image.Image, ground: str) -> Image.Image:
    """Stand a cut-out on a square of the ground colour, with light from above and a soft contact shadow."""
    side = max(SIZES["medium"], min(SIZES["large"], round(max(cut.size) * (1 + 2 * MARGIN))))
    room = round(side * (1 - 2 * MARGIN))
    scale = min(room / cut.width, room / cut.height)
    product = cut.resize(
        (max(1, round(cut.width * scale)), max(1, round(cut.height * scale))), Image.Resampling.LANCZOS
    )
    canvas = backdrop(ground, side)
    left, top = (side - product.width) // 2, (side - product.height) // 2
    top += round((side - product.height) / 2 * 0.25)  # a little below the middle, where a thing seems to stand
    alpha = product.getchannel("A")
    shadow = Image.new("L", (side, side), 0)
    flat = alpha.resize((product.width, max(2, product.height // 9)), Image.Resampling.BILINEAR)
    shadow.paste(flat, (left, top + product.height - round(flat.height * 0.72)))
    soft = shadow.filter(ImageFilter.GaussianBlur(side * 0.018)).point(lambda value: round(value * 0.42))
    ambient = shadow.filter(ImageFilter.GaussianBlur(side * 0.05)).point(lambda value: round(value * 0.22))
    dark = Image.new("RGB", (side, side), _shade(ground, 0.28))
    canvas.paste(dark, (0, 0), ImageChops.lighter(soft, ambient))
    canvas.paste(product.convert("RGB"), (left, top), alpha)
    return canvas


def backdrop(ground: str, side: int) -> Image.Image:
    """Return a studio sweep in the ground colour: lighter in the middle, slightly darker at the edges.

    A dark ground gets a stronger light behind the product, or a dark product would be lost on it.
    """
    dark = sum(_shade(ground, 1)) < 240
    distance = Image.radial_gradient("L").resize((side, side), Image.Resampling.BICUBIC)
    middle = Image.new("RGB", (side, side), _lighten(ground, 0.3) if dark else _shade(ground, 1.04))
    edge = Image.new("RGB", (side, side), _lighten(ground, 0.04) if dark else _shade(ground, 0.93))
    return Image.composite(edge, middle, distance.point(lambda value: min(255, round(value * (1.25 if dark else 0.8)))))


def flatten(image: Image.Image, ground: str) -> Image.Image:
    """Return an image without alpha, on a plain colour."""
    canvas = Image.new("RGB", image.size, ground)
    canvas.paste(image.convert("RGB"), (0, 0), image.getchannel("A"))
    return canvas


def square(image: Image.Image) -> Image.Image:
    """Return the middle square of a photo that is kept as it is, so that it lines up with the others."""
    return ImageOps.fit(image, (min(image.size),) * 2, Image.Resampling.LANCZOS)


def export(picture: Image.Image, name: str, side: int, sharpen: bool) -> RenderedImage:
    """Return one WebP rendition, at most ``side`` pixels square and never enlarged."""
    side = min(side, picture.width)
    scaled = picture.resize((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    if sharpen:
        # After scaling, which is what softened it; the threshold keeps plain grounds free of noise.
        scaled = scaled.filter(ImageFilter.UnsharpMask(radius=1.1, percent=60, threshold=2))
    buffer = io.BytesIO()
    scaled.save(buffer, "WEBP", quality=82, method=4)
    return RenderedImage(name=name, data=buffer.getvalue(), width=side, height=side, mime_type="image/webp")


def _shade(colour: str, factor: float) -> tuple[int, int, int]:
    red, green, blue = (min(255, round(int(colour[at : at + 2], 16) * factor)) for at in (1, 3, 5))
    return red, green, blue


def _lighten(colour: str, share: float) -> tuple[int, int, int]:
    red, green, blue = (round(part + (255 - part) * share) for part in _shade(colour, 1))
    return red, green, blue


@cache
def _session(model: str) -> Any:
    # rembg imports pymatting, which has numba compile for a minute on a machine that never did; we use none of it.
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    # A second and 400 MB: for worker processes only.
    import onnxruntime  # noqa: PLC0415
    from rembg.sessions.u2netp import U2netpSession  # noqa: PLC0415

    class Local(U2netpSession):  # type: ignore[misc]  # rembg is untyped
        @classmethod
        def download_models(cls, *_: Any, **__: Any) -> str:
            return model  # never from the network: the file was fetched and checked at set-up

    options = onnxruntime.SessionOptions()
    options.enable_cpu_mem_arena = False  # 170 MB less for 0.07 s an image
    options.intra_op_num_threads = 1
    return Local("u2netp", options, providers=["CPUExecutionProvider"])


def _end_with_parent(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)
