"""Who sent a command, as the log remembers it with every event of the command."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Means(StrEnum):
    """What a person used."""

    SESSION = "SESSION"
    """A log-in."""
    KEY = "KEY"
    """An API key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person, and the session or API key that they used. It has no personal data."""

    person_id: UUID
    means: Means
    means_id: UUID | None
    """Id of the session or key; None for a token that was signed without a session."""

    def __str__(self) -> str:
        return f"{self.person_id} {self.means} {self.means_id or '-'}"

    @classmethod
    def parse(cls, text: str) -> "Actor":
        """Read an actor's text.

        Raises:
            ValueError: the text is not an actor.
        """
        person, means, id = text.split(" ")
        return cls(person_id=UUID(person), means=Means(means), means_id=None if id == "-" else UUID(id))
