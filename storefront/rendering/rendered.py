"""A rendered page without its shopper's parts, and the bytes that one shopper gets."""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from storefront.visit.parts import Part, Piece

_GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_GZIP_TAIL = b"\x01\0\0\xff\xff"
"""An empty last block."""
_STORED = 65_535
"""The most bytes of a stored block."""


@dataclass(frozen=True)
class RenderedPage:
    """A page as its template made it."""

    pieces: tuple[Piece, ...]
    media_type: str = "text/html"
    is_usual: bool = True
    """Whether others will ask for it; a page for a made-up address is not kept."""

    @cached_property
    def content_type(self) -> bytes:
        """The value of its header."""
        charset = "; charset=utf-8" if self.media_type.startswith("text/") else ""
        return f"{self.media_type}{charset}".encode()

    @cached_property
    def parts(self) -> frozenset[Part]:
        """The parts that it has."""
        return frozenset(piece for piece in self.pieces if isinstance(piece, Part))

    @cached_property
    def _places(self) -> tuple[tuple[int, Part], ...]:
        """Where the parts are."""
        return tuple((place, piece) for place, piece in enumerate(self.pieces) if isinstance(piece, Part))

    @cached_property
    def digest(self) -> str:
        """Names its text; the parts of a shopper are not in it."""
        digest = hashlib.sha256()
        for piece in self.pieces:
            digest.update(piece if isinstance(piece, bytes) else piece.mark.encode())
        return digest.hexdigest()[:20]

    @cached_property
    def _deflated(self) -> tuple[Piece, ...]:
        """The pieces as deflate blocks that end at a byte and refer to nothing before them."""
        return tuple(piece if isinstance(piece, Part) else _deflate(piece) for piece in self.pieces)

    @cached_property
    def size(self) -> int:
        """Bytes of memory, roughly. The compressed form, which few pages need, counts as half of the text."""
        return 1_500 + sum(len(piece) * 3 // 2 for piece in self.pieces)

    def plain(self, shown: Mapping[Part, bytes]) -> bytes:
        """Return the page with a shopper's parts."""
        texts: list[bytes] = list(self.pieces)  # type: ignore[arg-type]  # every part is replaced
        for place, part in self._places:
            texts[place] = shown[part]
        return b"".join(texts)

    def gzipped(self, shown: Mapping[Part, bytes]) -> bytes:
        """Return the page with a shopper's parts, compressed. The parts are stored as they are.

        Text is compressed once for all shoppers. No part is compressed with other text, so lengths reveal nothing of it.
        """
        crc, size, blocks = 0, 0, [_GZIP_HEAD]
        for piece, deflated in zip(self.pieces, self._deflated, strict=True):
            if isinstance(piece, Part):
                text = shown[piece]
                blocks.append(_stored(text))
            else:
                text = piece
                assert isinstance(deflated, bytes)
                blocks.append(deflated)
            crc, size = zlib.crc32(text, crc), size + len(text)
        blocks += (_GZIP_TAIL, crc.to_bytes(4, "little"), (size & 0xFFFF_FFFF).to_bytes(4, "little"))
        return b"".join(blocks)


def _deflate(text: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)


def _stored(text: bytes) -> bytes:
    assert len(text) <= _STORED
    return b"\0" + len(text).to_bytes(2, "little") + (len(text) ^ _STORED).to_bytes(2, "little") + text
