"""What tokens of language models cost."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Price:
    """A model's price in US dollars for a million tokens, which is millionths of a dollar for one token."""

    prompt: Decimal
    completion: Decimal

    def of(self, prompt_tokens: int, completion_tokens: int) -> int:
        """Return what tokens cost, in millionths of a US dollar, rounded up."""
        return math.ceil(self.prompt * prompt_tokens + self.completion * completion_tokens)


@dataclass(frozen=True, slots=True)
class Prices:
    """The known prices by the model's name."""

    by_model: Mapping[str, Price]

    def of(self, model: str) -> Price | None:
        """Return a model's price; None if it is not known, so that its calls have no known cost.

        A dated name such as ``gpt-5-mini-2025-08-07`` has the price of the longest known name that it begins with.
        """
        fitting = [name for name in self.by_model if model == name or model.startswith(f"{name}-2")]
        return self.by_model[max(fitting, key=len)] if fitting else None

    @classmethod
    def known(cls, own: Mapping[str, str] | None = None) -> Self:
        """Return the shipped prices, with the operator's own before them.

        Args:
            own: ``prompt/completion`` in US dollars for a million tokens, by the model's name: ``{"gpt-5": "1.25/10"}``.

        Raises:
            ValueError, ArithmeticError: an own price is not of that form; the settings check it first.
        """
        with (Path(__file__).parent / "prices.toml").open("rb") as file:
            shipped = tomllib.load(file)["models"]
        prices = {name: Price(Decimal(one["prompt"]), Decimal(one["completion"])) for name, one in shipped.items()}
        return cls(prices | {name: Price(*map(Decimal, text.split("/"))) for name, text in (own or {}).items()})
