"""Stand-ins for segmentation networks: ONNX files written byte by byte, since the ``onnx`` package is large.

https://github.com/onnx/onnx/blob/main/onnx/onnx.proto names the fields by their numbers.
"""

VARINT, BYTES = 0, 2
FLOAT = 1
OPSET, IR = 11, 7


def brightness_network(side: int) -> bytes:
    """Return a network whose mask is the largest channel of its input: bright things are the product."""
    axes = _text(1, "axes") + _number(8, 1) + _number(20, 7)
    keep = _text(1, "keepdims") + _number(3, 1) + _number(20, 2)
    node = _text(1, "image") + _text(2, "mask") + _text(4, "ReduceMax") + _part(5, axes) + _part(5, keep)
    graph = (
        _part(1, node)
        + _text(2, "brightness")
        + _part(11, _tensor("image", 3, side))
        + _part(12, _tensor("mask", 1, side))
    )
    return _number(1, IR) + _part(7, graph) + _part(8, _text(1, "") + _number(2, OPSET))


def _tensor(name: str, channels: int, side: int) -> bytes:
    shape = b"".join(_part(1, _number(1, length)) for length in (1, channels, side, side))
    return _text(1, name) + _part(2, _part(1, _number(1, FLOAT) + _part(2, shape)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | VARINT) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _part(field, value.encode())


def _part(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)
