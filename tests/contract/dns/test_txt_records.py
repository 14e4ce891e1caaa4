"""What every look-up of TXT records promises: dnspython against a real name server, and the one in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from domain.kernel import Transient
from domain.store.ports import NameServersFailed, TxtRecords
from infra.adapters.dns.resolver import DnsTxtRecords
from tests.support.fakes.txt_records import MemoryTxtRecords
from tests.support.servers.name_server import NameServer, name_server

NAME = "_zyenta.fern.example"


class Zone(Protocol):
    """A look-up and what it finds."""

    records: TxtRecords

    def publish(self, name: str, *texts: str) -> None: ...

    def fail(self, name: str) -> None: ...

    def fall_silent(self, name: str) -> None: ...


@dataclass
class Served:
    server: NameServer

    def __post_init__(self) -> None:
        self.records: TxtRecords = DnsTxtRecords(["127.0.0.1"], port=self.server.port, answer_within=1.0)

    def publish(self, name: str, *texts: str) -> None:
        self.server.texts[name] = [[text.encode()[:200], text.encode()[200:]] for text in texts]

    def fail(self, name: str) -> None:
        self.server.broken.add(name)

    def fall_silent(self, name: str) -> None:
        self.server.silent.add(name)


@dataclass
class InMemory:
    def __post_init__(self) -> None:
        self.memory = MemoryTxtRecords()
        self.records: TxtRecords = self.memory

    def publish(self, name: str, *texts: str) -> None:
        self.memory.texts[name] = list(texts)

    def fail(self, name: str) -> None:
        self.memory.broken.add(name)

    def fall_silent(self, name: str) -> None:
        self.memory.away = True


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    with name_server() as running:
        yield running


@pytest.fixture(params=["dnspython", "memory"])
def zone(request: pytest.FixtureRequest, server: NameServer) -> Zone:
    for kept in (server.texts, server.aliases, server.broken, server.silent):
        kept.clear()
    return Served(server) if request.param == "dnspython" else InMemory()


async def test_the_texts_of_a_name_are_returned(zone: Zone) -> None:
    zone.publish(NAME, "zyenta-store=1", "v=spf1 -all")
    assert sorted(await zone.records.of(NAME)) == ["v=spf1 -all", "zyenta-store=1"]


async def test_the_strings_of_a_long_record_are_joined(zone: Zone) -> None:
    zone.publish(NAME, "zyenta-store=" + "a" * 300)
    assert list(await zone.records.of(NAME)) == ["zyenta-store=" + "a" * 300]


async def test_a_name_that_does_not_exist_has_no_texts(zone: Zone) -> None:
    assert list(await zone.records.of("_zyenta.nothing.example")) == []


async def test_a_name_without_such_records_has_no_texts(zone: Zone) -> None:
    zone.publish(NAME)
    assert list(await zone.records.of(NAME)) == []


async def test_a_change_is_seen_at_once(zone: Zone) -> None:
    assert list(await zone.records.of(NAME)) == []
    zone.publish(NAME, "first")
    assert list(await zone.records.of(NAME)) == ["first"]
    zone.publish(NAME, "second")
    assert list(await zone.records.of(NAME)) == ["second"]


async def test_failing_name_servers_differ_from_a_missing_record(zone: Zone) -> None:
    zone.fail(NAME)
    with pytest.raises(NameServersFailed, match="fern"):
        await zone.records.of(NAME)


async def test_a_resolver_that_is_away_is_an_outage(zone: Zone) -> None:
    zone.fall_silent(NAME)
    with pytest.raises(Transient, match="DNS resolver"):
        await zone.records.of(NAME)


async def test_an_alias_is_followed(server: NameServer) -> None:
    zone = Served(server)
    server.aliases[NAME] = "proofs.host.example"
    zone.publish("proofs.host.example", "zyenta-store=1")
    assert list(await zone.records.of(NAME)) == ["zyenta-store=1"]


async def test_more_records_than_a_datagram_holds_are_read(server: NameServer) -> None:
    zone = Served(server)
    server.aliases.clear()
    texts = [f"{n:03}" + "x" * 190 for n in range(40)]
    zone.publish(NAME, *texts)
    assert sorted(await zone.records.of(NAME)) == texts


async def test_a_machine_without_a_resolver_has_an_outage_and_no_wrong_answer(tmp_path: Path) -> None:
    records = DnsTxtRecords(system=str(tmp_path / "missing.conf"))
    with pytest.raises(Transient, match="ZYENTA_DNS_SERVERS"):
        await records.of(NAME)
