"""Kafka's record batches, format 2: their header, and the variable-length integers inside.

Layout: https://kafka.apache.org/documentation/#recordbatch. The checksum covers only what follows it, so a
broker can set the offset and the leader epoch in front of it without changing the records.
"""

import struct
from dataclasses import dataclass

HEADER = struct.Struct(">qiibIhiqqqhii")
HEADER_BYTES = HEADER.size
FRAMING = 12
"""Bytes that a batch's length field does not count: the offset and the length itself."""
MAGIC = 2
NO_PRODUCER = -1

COMPRESSION_MASK = 0x07
TRANSACTIONAL = 0x10
CONTROL = 0x20
CHECKSUMMED_FROM = 21
"""Start of the bytes that the checksum covers; the attributes come first."""
_MARKER_KIND = HEADER_BYTES + 7


class BadBatch(Exception):
    """The bytes are not a complete record batch of format 2."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The header of one batch."""

    base_offset: int
    size: int
    """Bytes of the whole batch, framing included."""
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int

    @property
    def is_transactional(self) -> bool:
        """Whether it belongs to a transaction, its marker included."""
        return bool(self.attributes & TRANSACTIONAL)

    @property
    def is_control(self) -> bool:
        """Whether it is a transaction's marker and holds no events."""
        return bool(self.attributes & CONTROL)

    @property
    def compression(self) -> int:
        """The compression codec of its records; 0 if they are not compressed."""
        return self.attributes & COMPRESSION_MASK

    @property
    def last_offset(self) -> int:
        """The last record's offset."""
        return self.base_offset + self.last_offset_delta

    @property
    def last_sequence(self) -> int:
        """The last record's sequence number, which wraps from 2^31 - 1 to 0."""
        return (self.base_sequence + self.last_offset_delta) & 0x7FFFFFFF


def parse(data: bytes | memoryview, at: int = 0) -> Batch:
    """Read the header of the batch that begins at ``at``; its records need not be there yet.

    Raises:
        BadBatch: too short for a header, or of another format.
    """
    if len(data) - at < HEADER_BYTES:
        raise BadBatch("shorter than a header")
    (base, length, _, magic, _, attributes, last_delta, first, latest, producer, epoch, sequence, _) = (
        HEADER.unpack_from(data, at)
    )
    if magic != MAGIC or length < HEADER_BYTES - FRAMING or last_delta < 0:
        raise BadBatch(f"format {magic}, length {length}")
    return Batch(
        base_offset=base,
        size=length + FRAMING,
        attributes=attributes,
        last_offset_delta=last_delta,
        base_timestamp=first,
        max_timestamp=latest,
        producer_id=producer,
        producer_epoch=epoch,
        base_sequence=sequence,
    )


def is_commit(marker_batch: bytes | memoryview) -> bool:
    """Whether a transaction's marker commits rather than aborts: the second half of its record's key."""
    return marker_batch[_MARKER_KIND : _MARKER_KIND + 2] != b"\0\0"


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a zigzag varint and where it ends."""
    raw = shift = 0
    while True:
        byte = data[at]
        at += 1
        raw |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (raw >> 1) ^ -(raw & 1), at


def varint(number: int) -> bytes:
    """Return an integer of up to 64 bits as a zigzag varint."""
    raw = (number << 1) ^ (number >> 63)
    if raw < 0x80:
        return bytes((raw,))
    if raw < 0x4000:
        return bytes((raw & 0x7F | 0x80, raw >> 7))
    if raw < 0x200000:
        return bytes((raw & 0x7F | 0x80, raw >> 7 & 0x7F | 0x80, raw >> 14))
    out = bytearray()
    while raw > 0x7F:
        out.append(raw & 0x7F | 0x80)
        raw >>= 7
    out.append(raw)
    return bytes(out)
