"""Which platform a command speaks to: the configured one, the one that runs here, or one started for the occasion."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from infra.adapters.reachability import naming_broker
from infra.bootstrap import NotConfigured
from infra.embedded.supervisor import AlreadyRunning, Supervisor
from infra.settings import Settings, environment_of, read_settings


class NothingYet(NotConfigured):
    """No platform ever ran on the data directory."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"There is nothing in {data_dir} yet. Start a platform there with “zyenta up”, name another directory in "
            "ZYENTA_DATA_DIR, or servers in DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS."
        )


@asynccontextmanager
async def settings_of_running() -> AsyncIterator[Settings]:
    """Yield settings with the addresses of the platform to speak to.

    Addresses that are configured win. Else the platform running on the data directory is asked for its own; if none
    runs, its servers (not its services) are started until the command is done.

    Raises:
        BadSettings: some make no sense.
        NothingYet: no address is configured, and no platform ever ran on the data directory.
        Unreachable: a server that they name does not answer.
    """
    async with _servers() as settings:
        with naming_broker(settings.broker_address or ""):
            yield settings


@asynccontextmanager
async def _servers() -> AsyncIterator[Settings]:
    settings = read_settings()
    if settings.database_url and settings.kafka_bootstrap_servers:
        yield settings
        return
    supervisor = supervisor_of(settings)
    if not (settings.database_url or settings.kafka_bootstrap_servers or supervisor.has_begun):
        raise NothingYet(supervisor.data_dir)
    try:
        await supervisor.start(services=())
    except AlreadyRunning:
        yield settings_from(json.loads((supervisor.data_dir / "running.json").read_text()))
        return
    try:
        yield settings_from(supervisor.environment)
    finally:
        await supervisor.stop()


def supervisor_of(settings: Settings) -> Supervisor:
    """Return the supervisor that settings ask for; an address counts only if somebody set it."""
    public = {"gateway": "gateway_url", "storefront": "storefront_domain", "sandbox": "sandbox_url"}
    ports = {role: f"{role}_port" for role in public}
    asked = settings.model_dump(include={*public.values(), *ports.values()}, exclude_unset=True)
    return Supervisor(
        settings.data_dir.absolute(),
        database_url=settings.database_url,
        bootstrap_servers=settings.broker_address,
        configured=environment_of(settings),
        ports={role: asked[name] for role, name in ports.items() if name in asked},
        usual_ports={role: Settings.model_fields[name].default for role, name in ports.items()},
        public={role: asked[name] for role, name in public.items() if name in asked},
        former_sandboxes=settings.sandbox_former_urls,
        master_keys=[key.get_secret_value() for key in settings.master_keys],
    )


def settings_from(environment: dict[str, str]) -> Settings:
    """Return settings as a service started with this environment would read them."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        return read_settings()
    finally:
        os.environ.clear()
        os.environ.update(before)
