"""On an Apache Kafka with the manual's access rights, the platform works over SASL and TLS, and only it can write."""

import asyncio
import re
import shlex
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import GroupAuthorizationFailedError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from infra.adapters.kafka.topic import open_reader, published_position, read_to_end
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.clock import SystemClock
from infra.embedded.kafka import ApacheKafka
from infra.embedded.process import LOOPBACK, free_port
from infra.log.publisher import Publisher
from infra.log.verification import verify_log
from projections.catalog import model as catalog
from projections.engine.checkpoints import Projection
from projections.engine.poison_records import PoisonRecordPorts
from projections.engine.runner import ProjectionRunner
from schemas.internal.broker_address import BrokerAddress, BrokerSecurity, client_settings
from schemas.topics import EVENTS
from tests.conftest import started
from tests.integration.log.halves import append
from tests.support.fakes.deliveries import RecordedDeadLetters
from tests.support.requirements import missing
from tests.support.servers.kafka_tools import run_tool

pytestmark = [pytest.mark.kafka, pytest.mark.long]

MANUAL = (Path(__file__).parents[3] / "infra" / "manual" / "operations.md").read_text("utf-8")
COMMANDS = re.findall(r"^    (kafka-acls .*)$", MANUAL, re.MULTILINE)
PASSWORDS = {"admin": "admin-secret", "zyenta": "platform-secret", "analyst": "reading-secret"}
LOGIN_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule required"
AS_ADMIN = f'username="admin" password="{PASSWORDS["admin"]}"'
USERS = " ".join(f'user_{name}="{password}"' for name, password in PASSWORDS.items())
SETTINGS = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:admin",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,SASL:SASL_SSL,CONTROLLER:SASL_PLAINTEXT",
    "inter.broker.listener.name": "SASL",
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
    "sasl.mechanism.controller.protocol": "PLAIN",
    "ssl.keystore.type": "PEM",
    "ssl.truststore.type": "PEM",
    **{
        f"listener.name.{listener}.{setting}": value
        for listener in ("sasl", "controller")
        for setting, value in (
            ("sasl.enabled.mechanisms", "PLAIN"),
            ("plain.sasl.jaas.config", f"{LOGIN_MODULE} {AS_ADMIN} {USERS};"),
        )
    },
}


@dataclass(frozen=True, slots=True)
class Guarded:
    """A broker with authentication."""

    port: int
    without_log_in: str
    """The other listener, which accepts every client and grants no rights."""
    ca_file: Path
    """The authority of its certificate."""

    def as_(self, user: str) -> BrokerAddress:
        """The address with a user's log-in."""
        security = BrokerSecurity(
            protocol="SASL_SSL",
            mechanism="PLAIN",
            username=user,
            password=PASSWORDS[user],
            ca_file=str(self.ca_file),
        )
        return BrokerAddress(f"{LOOPBACK}:{self.port}", security)


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Guarded]:
    """An Apache Kafka with exactly the manual's access rights."""
    port = free_port()
    ca_file, key_file = certificate(tmp_path)
    settings = SETTINGS | {"ssl.keystore.location": str(key_file), "ssl.truststore.location": str(ca_file)}
    async with started(ApacheKafka(tmp_path / "kafka", settings=settings, listeners={"SASL": port})) as broker:
        log_in = tmp_path / "admin.properties"
        properties = (
            "security.protocol=SASL_SSL",
            "sasl.mechanism=PLAIN",
            f"sasl.jaas.config={LOGIN_MODULE} {AS_ADMIN};",
            "ssl.truststore.type=PEM",
            f"ssl.truststore.location={ca_file}",
        )
        log_in.write_text("".join(f"{line}\n" for line in properties))
        for command in COMMANDS:
            filled_in = command.replace("$BROKER", f"{LOOPBACK}:{port}").replace("admin.properties", str(log_in))
            name, *arguments = shlex.split(filled_in)
            done = await run_tool(name, *arguments)
            assert done.status == 0, done.text
        yield Guarded(port, broker.bootstrap_servers, ca_file)


def certificate(directory: Path) -> tuple[Path, Path]:
    """Make a self-signed certificate for this machine. Return the file to trust and the file with the key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public = made.public_bytes(Encoding.PEM)
    ca_file, key_file = directory / "ca.pem", directory / "key.pem"
    ca_file.write_bytes(public)
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + public)
    return ca_file, key_file


async def test_the_platform_works_over_sasl_and_tls_and_a_reader_can_read_and_not_write(
    guarded: Guarded, pool: asyncpg.Pool, log: PostgresEventLog
) -> None:
    assert len(COMMANDS) == 4
    platform, analyst = guarded.as_("zyenta"), guarded.as_("analyst")
    stores = await append(log, 3)
    poison = PoisonRecordPorts(dead_letters=RecordedDeadLetters(), ledger=None, clock=SystemClock())  # type: ignore[arg-type]
    projector = ProjectionRunner([catalog.MODEL], pool, platform, poison, rebuild=_never)
    running = [asyncio.create_task(Publisher(pool, log, platform).run()), asyncio.create_task(projector.run())]
    try:
        async with asyncio.timeout(60):
            while await published_position(platform) < await log.last_position():
                await asyncio.sleep(0.05)
            while await pool.fetchval("select count(*) from catalog.stores") < len(stores):
                await asyncio.sleep(0.05)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    assert (await verify_log(log, platform)).equal

    async with open_reader(analyst, EVENTS) as reader:
        ends = await reader.end_offsets(reader.assignment())
        seen = [record async for records in read_to_end(reader, ends) for record in records]
    assert len(seen) == 2 * len(stores)
    member = AIOKafkaConsumer(
        EVENTS.name, group_id="analysts-revenue", auto_offset_reset="earliest", **client_settings(analyst)
    )
    await member.start()
    await asyncio.wait_for(member.getone(), 30)
    await member.commit()
    await member.stop()

    log_in = (
        "security.protocol=SASL_SSL",
        "sasl.mechanism=PLAIN",
        "sasl.username=analyst",
        f"ssl.ca.location={guarded.ca_file}",
    )
    for forging in (
        forge(analyst, *log_in, f"sasl.password={PASSWORDS['analyst']}"),
        forge(guarded.without_log_in),
    ):
        assert "Topic authorization failed" in await forging
    assert "Authentication failed" in await forge(analyst, *log_in, "sasl.password=guessed")
    intruder = AIOKafkaConsumer(EVENTS.name, group_id="brand-agent", **client_settings(analyst))
    with pytest.raises(GroupAuthorizationFailedError):
        await asyncio.wait_for(intruder.start(), 30)
    await intruder.stop()
    assert (await verify_log(log, platform)).equal


async def forge(address: str, *settings: str) -> str:
    """Try to send a record with kcat and return its error output."""
    if shutil.which("kcat") is None:
        missing("kcat", "Debian's package of that name is not installed")
    options = [part for setting in (*settings, "message.timeout.ms=5000") for part in ("-X", setting)]
    done = await asyncio.to_thread(
        subprocess.run,
        ["kcat", "-b", str(address), "-P", "-t", EVENTS.name, *options],
        input="forged\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    return str(done.stderr)


async def _never(_: Projection) -> None:
    raise AssertionError("nothing is to be rebuilt")
