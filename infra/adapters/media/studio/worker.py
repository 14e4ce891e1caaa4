"""A worker process of the studio: reads photos from standard input and writes renditions to standard output.

``worker_pool`` runs it as ``python -m infra.adapters.media.studio.worker MODEL PARENT KIND``. A photo may be hostile and a
decoder may have bugs, so the worker gets no secrets, and its answers are validated data, never pickled objects.

A message is four bytes of length, then MessagePack.
"""

import ctypes
import os
import signal
import struct
import sys
from functools import partial
from typing import Any, BinaryIO

import msgspec

from domain.kernel import Value
from domain.media.events import Operation, RejectionReason
from domain.media.ports import StudioResult, UnusableImage

LENGTH = struct.Struct("!I")


class Task(msgspec.Struct, frozen=True):
    """A photo to process."""

    photo: bytes
    operations: list[Operation]
    ground: str


class Answer(msgspec.Struct, frozen=True):
    """The result of a task, or the reason why there is none."""

    result: StudioResult | None = None
    rejection: RejectionReason | None = None
    message: str = ""


READY = Answer(message="ready")
"""Sent once, when the model is loaded."""


def _plain(value: Any) -> Any:
    """Return a pydantic value as plain data; msgspec does not know pydantic."""
    if isinstance(value, Value):
        return value.model_dump(mode="json")
    raise NotImplementedError(f"{type(value)} cannot be sent")


def _validated(kind: type, plain: Any) -> Any:
    if issubclass(kind, Value):
        return kind.model_validate(plain)
    raise NotImplementedError(f"{kind} cannot be received")


def answer_decoder() -> msgspec.msgpack.Decoder[Answer]:
    """Return a decoder of answers."""
    return msgspec.msgpack.Decoder(Answer, dec_hook=_validated)


def frame(message: msgspec.Struct) -> bytes:
    """Return a message as bytes for the pipe."""
    body = msgspec.msgpack.encode(message, enc_hook=_plain)
    return LENGTH.pack(len(body)) + body


def main(model: str, parent: int, kind: str) -> None:
    """Answer tasks until standard input or the parent process ends."""
    _end_with(parent)
    # Output printed by libraries must not mix with the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    from infra.adapters.media.studio.network import load, predict_mask  # noqa: PLC0415 - after the pipes are safe
    from infra.adapters.media.studio.pipeline import process_photo  # noqa: PLC0415

    load(model, kind)
    predict = partial(predict_mask, model=model, kind=kind)
    _send(answers, READY)
    tasks = msgspec.msgpack.Decoder(Task)
    while head := sys.stdin.buffer.read(LENGTH.size):
        task = tasks.decode(sys.stdin.buffer.read(LENGTH.unpack(head)[0]))
        try:
            result = process_photo(task.photo, operations=task.operations, ground=task.ground, predict=predict)
        except UnusableImage as unusable:
            _send(answers, Answer(rejection=unusable.reason, message=unusable.message))
        else:
            _send(answers, Answer(result=result))


def _send(answers: BinaryIO, answer: Answer) -> None:
    answers.write(frame(answer))
    answers.flush()


def _end_with(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        sys.exit("the parent died before the worker began")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
