"""TXT records in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.kernel import Transient
from domain.store.ports import NameServersFailed


@dataclass(slots=True)
class MemoryTxtRecords:
    """Implements :class:`domain.store.ports.TxtRecords`."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    away: bool = False
    asked: list[str] = field(default_factory=list)

    async def of(self, name: str) -> Sequence[str]:
        self.asked.append(name)
        if self.away:
            raise Transient("the DNS resolver", "it gave no answer in time")
        if name in self.broken:
            raise NameServersFailed(name)
        return self.texts.get(name, [])
