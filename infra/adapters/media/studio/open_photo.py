"""Opens photos, which may be hostile, and converts them to plain, upright sRGB."""

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps, PngImagePlugin, UnidentifiedImageError

from domain.media.events import RejectionReason
from domain.media.ports import UnusableImage
from infra.adapters.media.studio.formats import FIRST_BYTES, WEB_PAGE, format_of

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""The formats that are decoded. A stereo photo (MPO) is a JPEG with appended data."""
MAX_PIXELS = 40_000_000
MIN_SIDE = 200
LARGEST = 1600
"""The longest exported side; larger photos are scaled down first."""

METADATA_CHUNK, METADATA = 16 * 1024 * 1024, 32 * 1024 * 1024
"""The most bytes that one text chunk or color profile of a PNG, and all its text, may unpack to.

Pillow's limit for one chunk is 1 MB, which good photos exceed with XMP thumbnails or printer profiles.
"""
PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY = METADATA_CHUNK, METADATA

ORIENTATION = 0x0112
SIDEWAYS = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, slots=True)
class Photo:
    """An opened photo."""

    image: Image.Image
    """RGB, upright, at most 1600 pixels on a side, with white where it was transparent."""
    alpha: Image.Image | None
    """The photo's own transparency, if the product was already cut out; else None."""
    source_size: tuple[int, int]
    """Size of the upright photo in the file."""


def open_photo(data: bytes) -> Photo:
    """Open a photo. The header is checked before decoding; an animation gives its first picture.

    Raises:
        UnusableImage: not an image, an unsupported format, damaged, too small, or a decompression bomb.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata, which is not used
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(data), formats=FORMATS)
            size = opened.size
            check_size(size)
            # JPEG can decode directly at a half or a quarter of its size.
            opened.draft(None, (LARGEST, LARGEST))
            opened.load()
        return _plain(opened, size)
    except UnusableImage:
        raise
    except UnidentifiedImageError as error:
        raise _no_photo(data) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise UnusableImage(RejectionReason.TOO_LARGE, "The photo unpacks to too many pixels.") from error
    except Exception as error:  # decoders may raise any exception for invalid data
        if _is_too_much_metadata(error):
            raise UnusableImage(
                RejectionReason.TOO_LARGE,
                f"The text or color profile in the photo unpacks to over {METADATA_CHUNK // 1024 // 1024} MB.",
            ) from error
        raise UnusableImage(
            RejectionReason.CORRUPT, "The photo is damaged and could not be read to its end."
        ) from error


def check_size(size: tuple[int, int]) -> None:
    """Check a photo's pixels, width and height.

    Raises:
        UnusableImage: too many, or too few.
    """
    width, height = size
    if width * height > MAX_PIXELS:
        raise UnusableImage(
            RejectionReason.TOO_LARGE,
            f"The photo has {width} x {height} pixels; the maximum is {MAX_PIXELS // 1_000_000} million.",
        )
    if min(size) < MIN_SIDE:
        raise UnusableImage(
            RejectionReason.TOO_SMALL,
            f"The photo has {width} x {height} pixels; the shorter side needs at least {MIN_SIDE}.",
        )


def _is_too_much_metadata(error: Exception) -> bool:
    # Pillow raises a plain ValueError; only its message tells the cause.
    return isinstance(error, ValueError) and any(
        words in str(error) for words in ("Decompressed data too large", "Too much memory used in text chunks")
    )


def _no_photo(data: bytes) -> UnusableImage:
    format = format_of(data[:FIRST_BYTES])
    if format is None or format is WEB_PAGE:
        what = "This is not an image that we can read." if format is None else "This is a web page, not a photo."
        return UnusableImage(RejectionReason.NOT_AN_IMAGE, what)
    if format.is_readable:
        return UnusableImage(RejectionReason.CORRUPT, f"This is {format.name}, but it is damaged at its beginning.")
    return UnusableImage(
        RejectionReason.UNSUPPORTED_FORMAT, f"This is {format.name}. Give a JPEG, PNG or WebP instead."
    )


def _plain(opened: Image.Image, size: tuple[int, int]) -> Photo:
    if opened.getexif().get(ORIENTATION) in SIDEWAYS:
        size = size[1], size[0]
    profile = opened.info.get("icc_profile")
    image = ImageOps.exif_transpose(opened)
    if image.mode.startswith("I"):  # sixteen bits per pixel, which Pillow would clip at 255
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode not in {"RGB", "CMYK", "L"}:
        image = image.convert("RGB")
    image.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS, reducing_gap=2.0)
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    colors = _in_srgb(image.convert("RGB") if image.mode == "RGBA" else image, profile)
    if alpha is None:
        return Photo(colors, None, size)
    flat = Image.composite(colors, Image.new("RGB", colors.size, "#ffffff"), alpha)
    return Photo(flat, alpha if _is_cut_out(alpha) else None, size)


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the colors in sRGB, as browsers expect; colors of a wider space would look dull."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if image.mode == "RGB" and "srgb" in ImageCms.getProfileDescription(source).lower():
                return image
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a broken profile, or one for another kind of image: keep the colors
        else:
            if converted is not None:
                return converted
    return image.convert("RGB")


def _is_cut_out(alpha: Image.Image) -> bool:
    """Return whether transparency surrounds a product; rounded corners and watermarks do not count."""
    histogram = alpha.histogram()
    total = sum(histogram)
    return sum(histogram[:16]) > 0.08 * total and sum(histogram[224:]) > 0.03 * total
