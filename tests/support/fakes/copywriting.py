"""Fakes for tests of copy writers: brands, briefs, facts, writers that fail, and a model server."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from domain.money import Money
from domain.product.ports import CopyBrief, ProductCopy, ProductCopywriter
from domain.store.brand import BrandIdentity, FontPair, Logo, Palette, Voice
from domain.store.events import PageType
from domain.store.ports import PageDraft, PageWriter, StoreFacts

PALETTE = Palette(
    primary="#123456",
    secondary="#234567",
    accent="#345678",
    background="#ffffff",
    surface="#eeeeee",
    text="#000000",
)


def brand(name: str = "Neonhaven", *tone: str, **voice: str) -> BrandIdentity:
    """Return a brand with this name and tone."""
    return BrandIdentity(
        name=name,
        logo=Logo(concept="A lamp", svg="<svg xmlns='http://www.w3.org/2000/svg'/>"),
        palette=PALETTE,
        fonts=FontPair(heading="Orbitron", body="Rajdhani"),
        voice=Voice(
            tone=list(tone) or ["bold"],
            tagline=voice.get("tagline", "Light for loud rooms."),
            story=voice.get("story", "Neonhaven likes color after dark. It leaves beige to others."),
        ),
    )


LAMP_TITLE = "2026 NEW HOT Neon Desk Lamp RGB LED Table Light Gaming Room Decor Free Shipping!!"
LAMP_TEXT = """Neon Desk Lamp RGB LED Table Light!!

Features:
* Touch switch on the base with three brightness levels
* USB powered, 1.5 m cable
* Silicone tube on an aluminium base

Note:
Please allow 1-2 cm error due to manual measurement.
Free shipping worldwide, contact us before leaving feedback!
"""


def brief(**changes: Any) -> CopyBrief:
    """Return a brief for a lamp with some fields replaced."""
    given: dict[str, Any] = {
        "original_title": LAMP_TITLE,
        "original_description": LAMP_TEXT,
        "category": "Lamps",
        "tags": ("lamp", "neon", "cyberpunk"),
        "options": ("Pink", "Blue"),
        "niche": "Cyberpunk home decor",
        "brand": brand(),
        "seed": "generation:1#0.0",
    } | changes
    return CopyBrief(**given)


def facts(**changes: Any) -> StoreFacts:
    """Return a store's facts with some fields replaced."""
    given: dict[str, Any] = {
        "name": "Neonhaven",
        "host": "neonhaven.localhost:8080",
        "niche": "Cyberpunk home decor",
        "brand": brand(),
        "contact_email": "hello@neonhaven.example",
        "products": ("Lamps", "Desk Mats", "Wall Art"),
        "price_range": (Money(minor=990), Money(minor=18900)),
        "shipping_days": (5, 16),
        "effective_on": datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
    } | changes
    return StoreFacts(**given)


@dataclass
class CountingCopywriter:
    """Implements ``ProductCopywriter`` with another one, counts calls and fails for some titles."""

    inner: ProductCopywriter
    trouble: Callable[[CopyBrief, int], Exception | None] = lambda brief, asked: None
    asked: list[str] = field(default_factory=list)
    """The titles of its briefs, in order."""

    async def write(self, brief: CopyBrief) -> ProductCopy:
        self.asked.append(brief.original_title)
        if (error := self.trouble(brief, len(self.asked))) is not None:
            raise error
        return await self.inner.write(brief)


@dataclass
class CountingPageWriter:
    """Implements ``PageWriter`` with another one, counts calls and fails for some pages."""

    inner: PageWriter
    trouble: Callable[[PageType, int], Exception | None] = lambda page, asked: None
    asked: list[PageType] = field(default_factory=list)

    async def write(self, type: PageType, facts: StoreFacts, *, seed: str) -> PageDraft:
        self.asked.append(type)
        if (error := self.trouble(type, len(self.asked))) is not None:
            raise error
        return await self.inner.write(type, facts, seed=seed)


@dataclass
class ChatServer:
    """Answers OpenAI's chat completions and Anthropic's messages over HTTP from a script, and repeats the last answer."""

    answers: Sequence[Any]
    """Objects to send as the model's JSON, strings to send unchanged, or responses."""
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._complete, methods=["POST"]),
                Route("/v1/messages", self._message, methods=["POST"]),
            ]
        )

    async def _message(self, request: Request) -> Response:
        answer = await self._next(request)
        if isinstance(answer, Response):
            return answer
        return JSONResponse(
            {
                "id": f"msg_{len(self.requests)}",
                "type": "message",
                "role": "assistant",
                "model": "test-model",
                "content": [{"type": "text", "text": answer}],
                "stop_reason": "end_turn",
                "stop_sequence": None,
                "usage": {"input_tokens": 10, "output_tokens": 20},
            }
        )

    async def _complete(self, request: Request) -> Response:
        content = await self._next(request)
        if isinstance(content, Response):
            return content
        return JSONResponse(
            {
                "id": f"chatcmpl-{len(self.requests)}",
                "object": "chat.completion",
                "created": 1_700_000_000,
                "model": "test-model",
                "choices": [
                    {
                        "index": 0,
                        "finish_reason": "stop",
                        "message": {"role": "assistant", "content": content, "refusal": None},
                    }
                ],
                "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
            }
        )

    async def _next(self, request: Request) -> str | Response:
        self.requests.append(await request.json())
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        return answer if isinstance(answer, str | Response) else json.dumps(answer)
