"""The file of the demo shop: the answers of a generation's outside calls, and its photos."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.generation.events import Step
from domain.kernel import DomainEvent
from infra.replay.recording import CallKey
from schemas.registry import decode, encode

SHOP = Path(__file__).with_name("shop.zip")
INDEX = "shop.json"
_TIME = (2026, 1, 1, 0, 0, 0)
"""Of every file in the archive, so that equal content is an equal archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopRecording:
    """What the demo shop is made from. Texts have ``{sandbox}`` and ``{storefront}`` in place of this machine's addresses."""

    niche: str
    store_id: UUID
    """Answers name products, whose ids follow from the store's id."""
    answers: Mapping[CallKey, str]
    photos: Sequence[DomainEvent]
    """The studio's results."""
    media: Mapping[str, bytes]
    """Pictures by the name of their file."""

    def at(self, *, sandbox: str, storefront: str) -> Mapping[CallKey, bytes]:
        """Return the answers for a platform's addresses."""
        return {
            key: text.replace("{sandbox}", sandbox).replace("{storefront}", storefront).encode()
            for key, text in self.answers.items()
        }


def read_shop(path: Path = SHOP) -> ShopRecording:
    """Return the recording in a file."""
    with zipfile.ZipFile(path) as archive:
        index: dict[str, Any] = json.loads(archive.read(INDEX))
        media = {name: archive.read(name) for name in archive.namelist() if name != INDEX}
    answers = {
        (None if each["step"] is None else Step(each["step"]), each["attempt"], each["part"]): each["answer"]
        for each in index["answers"]
    }
    photos = [decode(each["type"], each["data"].encode()) for each in index["photos"]]
    return ShopRecording(
        niche=index["niche"], store_id=UUID(index["storeId"]), answers=answers, photos=photos, media=media
    )


def write_shop(recording: ShopRecording, path: Path = SHOP) -> None:
    """Write a recording into a file."""
    index = {
        "niche": recording.niche,
        "storeId": str(recording.store_id),
        "answers": [
            {"step": None if step is None else step.value, "attempt": attempt, "part": part, "answer": answer}
            for (step, attempt, part), answer in recording.answers.items()
        ],
        "photos": [{"type": event.wire_name, "data": encode(event).decode()} for event in recording.photos],
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in {INDEX: json.dumps(index, ensure_ascii=False).encode(), **recording.media}.items():
            archive.writestr(zipfile.ZipInfo(name, _TIME), data, zipfile.ZIP_DEFLATED, 9)
