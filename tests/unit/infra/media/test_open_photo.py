"""Photos of every supported form are opened, and other files are rejected with a reason."""

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache

import pytest
from PIL import Image, ImageCms

from domain.media.events import RejectionReason
from domain.media.ports import UnusableImage
from infra.adapters.media.studio.open_photo import LARGEST, open_photo
from tests.support.builders.photographs import encoded, png_of, product_photo


def refusal(data: bytes) -> UnusableImage:
    with pytest.raises(UnusableImage) as refused:
        open_photo(data)
    return refused.value


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_every_format_becomes_plain_rgb(format: str) -> None:
    photo = open_photo(encoded(product_photo(), format))
    assert (photo.image.mode, photo.image.size, photo.source_size) == ("RGB", (600, 450), (600, 450))
    assert photo.alpha is None
    red, green, blue = photo.image.getpixel((300, 300))  # type: ignore[misc]
    assert red > green + 60 > blue


def test_a_truncated_jpeg_is_corrupt() -> None:
    whole = encoded(product_photo(), "JPEG")
    assert refusal(whole[: len(whole) // 2]).reason is RejectionReason.CORRUPT


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_a_photo_cut_anywhere_is_refused_or_read_but_never_breaks_anything(format: str) -> None:
    whole = encoded(product_photo(300, 300), format)
    for tenth in range(10):
        with suppress(UnusableImage):
            open_photo(whole[: len(whole) * tenth // 10])


def test_a_photo_with_flipped_bytes_is_refused_or_read_but_never_breaks_anything() -> None:
    for format in ("JPEG", "PNG", "WEBP", "GIF"):
        whole = bytearray(encoded(product_photo(300, 300), format))
        for at in range(8, len(whole), max(1, len(whole) // 60)):
            whole[at] ^= 0xFF
            with suppress(UnusableImage):
                open_photo(bytes(whole))


def test_a_decompression_bomb_is_too_large_and_is_never_unpacked() -> None:
    bomb = png_of(12_000, 12_000)
    assert len(bomb) < 40_000
    refused = refusal(bomb)
    assert refused.reason is RejectionReason.TOO_LARGE


def test_a_photo_with_too_many_pixels_is_rejected_with_the_limit() -> None:
    refused = refusal(png_of(8_000, 6_000))
    assert refused.reason is RejectionReason.TOO_LARGE
    assert refused.message == "The photo has 8000 x 6000 pixels; the maximum is 40 million."


def test_a_header_that_lies_about_its_size_is_corrupt() -> None:
    small = png_of(300, 300)
    body = small[small.index(b"IDAT") + 4 : small.index(b"IEND") - 8]
    assert refusal(png_of(5_000, 5_000, body=body)).reason is RejectionReason.CORRUPT


def test_a_photo_that_is_too_small_is_rejected_with_its_size() -> None:
    refused = refusal(encoded(product_photo(600, 150)))
    assert refused.reason is RejectionReason.TOO_SMALL
    assert "600 x 150" in refused.message


@pytest.mark.parametrize("data", [b"", b"<!doctype html><title>Not here</title>", b"hello " * 50, bytes(4096)])
def test_a_file_that_is_not_an_image_is_named_so(data: bytes) -> None:
    assert refusal(data).reason is RejectionReason.NOT_AN_IMAGE


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"%PDF-1.7\n", "PDF"),
        *(
            (b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1miaf", "a HEIC photo")
            for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
        ),
        (b"\0\0\0\x18ftypmsf1\0\0\0\0mif1heic", "a HEIC photo"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf", "a HEIF photo"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "a video"),
        (b"\xff\x0a" + bytes(40), "a JPEG XL photo"),
    ],
)
def test_an_unsupported_file_is_named_by_its_format(data: bytes, name: str) -> None:
    refused = refusal(data)
    assert refused.reason is RejectionReason.UNSUPPORTED_FORMAT
    assert name in refused.message


@pytest.mark.parametrize("format", ["PNG", "GIF", "AVIF"])
def test_a_photo_of_a_known_kind_that_cannot_be_opened_is_damaged(format: str) -> None:
    whole = encoded(product_photo(), format)
    assert refusal(whole[:9] + b"\xff" * 30 if format != "AVIF" else whole[:32] + bytes(60)).reason is (
        RejectionReason.CORRUPT
    )


def png_with(name: bytes, body: bytes) -> bytes:
    """Return a valid PNG with an extra chunk after its header."""
    whole = encoded(product_photo(300, 300), "PNG")
    chunk = struct.pack("!I", len(body)) + name + body + struct.pack("!I", zlib.crc32(name + body))
    return whole[:33] + chunk + whole[33:]


@cache
def packed(size: int) -> bytes:
    """Return that many bytes of filler, compressed."""
    return zlib.compress(b"product " * (size // 8), 9)


METADATA: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "text": (b"zTXt", lambda body: b"Comment\0\0" + body),
    "XMP": (b"iTXt", lambda body: b"XML:com.adobe.xmp\0\1\0\0\0" + body),
    "profile": (b"iCCP", lambda body: b"icc\0\0" + body),
}


@pytest.mark.parametrize("kind", METADATA)
def test_much_text_or_a_large_profile_harms_no_png(kind: str) -> None:
    name, written = METADATA[kind]
    photo = open_photo(png_with(name, written(packed(1_500_000))))
    assert photo.image.size == (300, 300)


@pytest.mark.parametrize("kind", METADATA)
def test_metadata_that_unpacks_to_a_bomb_is_too_large_and_never_unpacked(kind: str) -> None:
    name, written = METADATA[kind]
    bomb = png_with(name, written(packed(200_000_000)))
    tracemalloc.start()
    refused = refusal(bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.reason is RejectionReason.TOO_LARGE
    assert "16 MB" in refused.message
    assert most < 100_000_000


def test_many_texts_that_are_a_bomb_together_are_too_large() -> None:
    whole = encoded(product_photo(300, 300), "PNG")
    body = b"Comment\0\0" + packed(10_000_000)
    chunk = struct.pack("!I", len(body)) + b"zTXt" + body + struct.pack("!I", zlib.crc32(b"zTXt" + body))
    assert refusal(whole[:33] + chunk * 6 + whole[33:]).reason is RejectionReason.TOO_LARGE


def test_of_an_animation_the_first_picture_is_taken() -> None:
    first, second = product_photo(), Image.new("RGB", (600, 450), "#0000ff")
    photo = open_photo(encoded(first, "GIF", save_all=True, append_images=[second, second]))
    assert photo.image.getpixel((10, 10)) == pytest.approx((242, 242, 240), abs=6)


def test_a_photo_taken_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter to the right when shown
    marked = product_photo(600, 300)
    marked.paste("#00c000", (0, 0, 150, 150))
    photo = open_photo(encoded(marked, "JPEG", exif=exif, quality=95))
    assert photo.image.size == photo.source_size == (300, 600)
    red, green, blue = photo.image.getpixel((290, 10))  # type: ignore[misc]
    assert green > 150 > red + blue


def test_print_colors_become_screen_colors() -> None:
    photo = open_photo(encoded(product_photo(mode="CMYK"), "JPEG", quality=95))
    assert photo.image.mode == "RGB"
    assert photo.image.getpixel((10, 10)) == pytest.approx((242, 242, 240), abs=6)


def test_sixteen_bits_a_pixel_are_scaled_and_not_cut_off() -> None:
    grey = Image.new("I;16", (300, 300), 0x8000)
    assert open_photo(encoded(grey, "PNG")).image.getpixel((5, 5)) == (128, 128, 128)


def test_a_palette_with_a_clear_color_is_understood() -> None:
    palette = product_photo(mode="P")
    palette.info["transparency"] = palette.getpixel((0, 0))
    photo = open_photo(encoded(palette, "PNG", transparency=palette.getpixel((0, 0))))
    assert photo.image.getpixel((2, 2)) == (255, 255, 255)
    assert photo.alpha is not None


def test_a_cut_out_keeps_its_own_transparency_and_stands_on_white() -> None:
    cut = product_photo(mode="RGBA")
    cut.putalpha(Image.new("L", cut.size, 0))
    cut.paste(product_photo(mode="RGBA").crop((180, 150, 420, 380)), (180, 150))
    photo = open_photo(encoded(cut, "PNG"))
    assert photo.alpha is not None
    assert photo.image.getpixel((2, 2)) == (255, 255, 255)


def test_a_rounded_corner_is_no_cut_out() -> None:
    image = product_photo(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 12, 12))
    assert open_photo(encoded(image, "PNG")).alpha is None


def test_a_large_photo_is_worked_on_at_the_largest_size_we_export() -> None:
    photo = open_photo(encoded(product_photo(4000, 3000), "JPEG"))
    assert photo.image.size == (LARGEST, LARGEST * 3 // 4)
    assert photo.source_size == (4000, 3000)


def test_a_wider_color_space_is_brought_to_srgb() -> None:
    swapped = encoded(product_photo(), "PNG", icc_profile=_profile_with_red_and_blue_swapped())
    red, _, blue = open_photo(swapped).image.getpixel((300, 300))  # type: ignore[misc]
    plain_red, _, plain_blue = open_photo(encoded(product_photo(), "PNG")).image.getpixel((300, 300))  # type: ignore[misc]
    assert (red > blue) is not (plain_red > plain_blue)


def test_a_broken_color_profile_is_ignored() -> None:
    photo = open_photo(encoded(product_photo(), "PNG", icc_profile=b"no profile at all"))
    assert photo.image.getpixel((10, 10)) == (242, 242, 240)


def _profile_with_red_and_blue_swapped() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    named = bytes(profile).replace("sRGB".encode("utf-16-be"), "BGRs".encode("utf-16-be"))
    assert io.BytesIO(named).read(4)
    return named
