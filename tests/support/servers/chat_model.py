"""A local server that speaks the protocol of chat completions."""

import json
from typing import Any

from fastapi import FastAPI, Request


def model_server(*answers: Any) -> tuple[FastAPI, list[dict[str, Any]]]:
    """Return a server that gives the answers in turn and repeats the last, and the requests that it received."""
    app, asked = FastAPI(), []

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> dict[str, Any]:
        asked.append(await request.json())
        content = json.dumps(answers[min(len(asked), len(answers)) - 1])
        return {
            "id": "1",
            "object": "chat.completion",
            "created": 0,
            "model": "test",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": content, "refusal": None},
                }
            ],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }

    return app, asked
