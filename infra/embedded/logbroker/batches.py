"""Record batches (format 2): a fixed header we read and stamp, and records we never look into.

Layout: https://kafka.apache.org/documentation/#recordbatch. The checksum covers what follows it, so the
offset and leader epoch in front may be stamped by the broker without touching the records.
"""

import struct
import time
from dataclasses import dataclass

_HEADER = struct.Struct(">qiibIhiqqqhii")
_STAMP = struct.Struct(">qii")
_FRAMING = 12
"""Bytes of a batch that its length field does not count: the offset and the length itself."""

HEADER_BYTES = _HEADER.size
STAMPED_BYTES = _STAMP.size
NO_PRODUCER = -1

_MAGIC = 2
_COMPRESSION_MASK = 0x07
_TRANSACTIONAL = 0x10
_CONTROL = 0x20
_CHECKSUMMED_FROM = 21
_MARKER_KIND = HEADER_BYTES + 7


class BadBatch(Exception):
    """Bytes that are no whole record batch of format 2."""


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
        return bool(self.attributes & _TRANSACTIONAL)

    @property
    def is_control(self) -> bool:
        """Whether it is a transaction's marker rather than records."""
        return bool(self.attributes & _CONTROL)

    @property
    def is_compressed(self) -> bool:
        """Whether its records are compressed together."""
        return bool(self.attributes & _COMPRESSION_MASK)

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
        _HEADER.unpack_from(data, at)
    )
    if magic != _MAGIC or length < HEADER_BYTES - _FRAMING or last_delta < 0:
        raise BadBatch(f"format {magic}, length {length}")
    return Batch(
        base_offset=base,
        size=length + _FRAMING,
        attributes=attributes,
        last_offset_delta=last_delta,
        base_timestamp=first,
        max_timestamp=latest,
        producer_id=producer,
        producer_epoch=epoch,
        base_sequence=sequence,
    )


def stamp(batch: Batch, offset: int) -> bytes:
    """The batch's first ``STAMPED_BYTES``, with the offset it has in the log."""
    return _STAMP.pack(offset, batch.size - _FRAMING, 0)


def marker(producer_id: int, epoch: int, *, commit: bool) -> bytes:
    """The control batch that ends a producer's transaction in a partition."""
    now = int(time.time() * 1000)
    key = struct.pack(">hh", 0, int(commit))
    value = struct.pack(">hi", 0, 0)
    # Record: attributes, timestamp delta, offset delta, key, value, no headers; lengths are zigzag varints.
    record = b"\0\0\0" + bytes([len(key) * 2]) + key + bytes([len(value) * 2]) + value + b"\0"
    records = bytes([len(record) * 2]) + record
    attributes = _TRANSACTIONAL | _CONTROL
    length = HEADER_BYTES - _FRAMING + len(records)

    def header(checksum: int) -> bytes:
        fields = (attributes, 0, now, now, producer_id, epoch, -1, 1)
        return _HEADER.pack(0, length, 0, _MAGIC, checksum, *fields)

    return header(_crc32c(header(0)[_CHECKSUMMED_FROM:] + records)) + records


def is_commit(marker_batch: bytes) -> bool:
    """Whether a marker commits rather than aborts: the second half of its record's key."""
    return marker_batch[_MARKER_KIND : _MARKER_KIND + 2] != b"\0\0"


def first_offset_since(data: bytes, timestamp: int) -> int:
    """Offset of the first record at or after the time (ms) in one whole batch; compressed ones are not opened."""
    batch = parse(data)
    if batch.is_compressed or batch.is_control:
        return batch.base_offset
    at = HEADER_BYTES
    while at < batch.size:
        size, at = _varint(data, at)
        end = at + size
        timestamp_delta, at = _varint(data, at + 1)
        offset_delta, at = _varint(data, at)
        if batch.base_timestamp + timestamp_delta >= timestamp:
            return batch.base_offset + offset_delta
        at = end
    return batch.base_offset


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A zigzag varint and where it ends."""
    raw = shift = 0
    while True:
        byte = data[at]
        at += 1
        raw |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return (raw >> 1) ^ -(raw & 1), at


def _crc_table() -> list[int]:
    polynomial, table = 0x82F63B78, []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
        table.append(value)
    return table


_CRC_TABLE = _crc_table()


def _crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli); plain Python is enough for the 70 bytes of a marker."""
    value = 0xFFFFFFFF
    for byte in data:
        value = (value >> 8) ^ _CRC_TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF
