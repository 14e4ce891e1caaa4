"""Draws the sample supplier's photos before and after the studio, for the eye.

``python -m infra.bench.contact_sheet FOLDER`` writes ``photos-contact-1.png`` and on. A doubtful image shows three pictures:
the photo, the whole version that shoppers see, and the cut-out that the merchant may choose.
"""

import io
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from PIL import Image, ImageDraw

from domain.media.events import Operation
from domain.media.ports import RenderedImage
from infra.adapters.media.studio.network import predict_mask
from infra.adapters.media.studio.pipeline import process_photo
from infra.sandbox.sample_supplier.pictures import PHOTOS
from infra.settings import read_settings
from infra.setup.model import model_path

GROUND = "#e9e2d6"
TILE, LABEL, COLUMNS, ROWS = 190, 26, 6, 8
"""Pixels of a picture and of its label; photos beside each other take three pictures each."""


def strips() -> Iterator[Image.Image]:
    """Yield a labelled strip of each photo."""
    predict = partial(predict_mask, model=str(read_settings().rembg_model_path or model_path()))
    for path in sorted(PHOTOS.glob("*.jpg")):
        data = path.read_bytes()
        result = process_photo(data, operations=list(Operation), ground=GROUND, predict=predict)
        review = result.review
        assert review is not None
        strip = Image.new("RGB", (3 * TILE, TILE + LABEL), "white")
        said = f"{review.shown} {review.confidence:.2f} {review.reason}"
        ImageDraw.Draw(strip).text((2, 0), f"{path.stem}\n{said}", fill="#b00020" if review.needs_review else "black")
        pictures = [Image.open(io.BytesIO(data)), _medium(result.renditions)]
        if result.other_renditions:
            pictures.append(_medium(result.other_renditions))
        for place, picture in enumerate(pictures):
            small = picture.convert("RGB")
            small.thumbnail((TILE - 4, TILE - 4))
            strip.paste(small, (place * TILE + 2, LABEL))
        yield strip


def _medium(renditions: Sequence[RenderedImage]) -> Image.Image:
    return Image.open(io.BytesIO(next(each.data for each in renditions if each.name == "medium")))


def main(folder: Path) -> None:
    """Write the sheets."""
    drawn = list(strips())
    across = COLUMNS // 3
    for number, start in enumerate(range(0, len(drawn), across * ROWS), start=1):
        sheet = Image.new("RGB", (COLUMNS * TILE, ROWS * (TILE + LABEL)), "white")
        for place, strip in enumerate(drawn[start : start + across * ROWS]):
            sheet.paste(strip, (place % across * 3 * TILE, place // across * (TILE + LABEL)))
        path = folder / f"photos-contact-{number}.png"
        sheet.save(path)
        print(path)  # noqa: T201 - a script


if __name__ == "__main__":
    main(Path(sys.argv[1]))
