"""Operations on record batches: writing offsets and creating markers, without parsing records."""

import struct
import time

from schemas.record_batches import (
    CHECKSUMMED_FROM,
    CONTROL,
    FRAMING,
    HEADER,
    HEADER_BYTES,
    MAGIC,
    TRANSACTIONAL,
    Batch,
    parse,
    read_varint,
)

_STAMP = struct.Struct(">qii")
STAMPED_BYTES = _STAMP.size


def stamp(batch: Batch, offset: int) -> bytes:
    """Return the batch's first ``STAMPED_BYTES`` with its offset in the log."""
    return _STAMP.pack(offset, batch.size - FRAMING, 0)


def marker(producer_id: int, epoch: int, *, commit: bool) -> bytes:
    """Return the control batch that ends a producer's transaction in a partition."""
    now = int(time.time() * 1000)
    key = struct.pack(">hh", 0, int(commit))
    value = struct.pack(">hi", 0, 0)
    # Record: attributes, timestamp delta, offset delta, key, value, no headers; lengths are zigzag varints.
    record = b"\0\0\0" + bytes([len(key) * 2]) + key + bytes([len(value) * 2]) + value + b"\0"
    records = bytes([len(record) * 2]) + record
    attributes = TRANSACTIONAL | CONTROL
    length = HEADER_BYTES - FRAMING + len(records)

    def header(checksum: int) -> bytes:
        fields = (attributes, 0, now, now, producer_id, epoch, -1, 1)
        return HEADER.pack(0, length, 0, MAGIC, checksum, *fields)

    return header(_crc32c(header(0)[CHECKSUMMED_FROM:] + records)) + records


def first_offset_since(data: bytes, timestamp: int) -> int:
    """Return the offset of the first record at or after a time (ms) in a whole batch; for a compressed batch, its first offset."""
    batch = parse(data)
    if batch.compression or batch.is_control:
        return batch.base_offset
    at = HEADER_BYTES
    while at < batch.size:
        size, at = read_varint(data, at)
        end = at + size
        timestamp_delta, at = read_varint(data, at + 1)
        offset_delta, at = read_varint(data, at)
        if batch.base_timestamp + timestamp_delta >= timestamp:
            return batch.base_offset + offset_delta
        at = end
    return batch.base_offset


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
    """Return the CRC-32C (Castagnoli). Plain Python is fast enough for the 70 bytes of a marker."""
    value = 0xFFFFFFFF
    for byte in data:
        value = (value >> 8) ^ _CRC_TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF
