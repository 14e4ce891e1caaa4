"""Choice of the platform that a command uses: the configured one, the running one, or servers started for the command."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from infra.adapters.reachability import naming_broker
from infra.bootstrap import NotConfigured
from infra.bootstrap.plans import chosen_plans
from infra.embedded.supervisor import AlreadyRunning, Configuration, Supervisor, own_parts
from infra.settings import ENV_FILE, Settings, environment_of, read_settings, variables


class NothingYet(NotConfigured):
    """No platform ever ran on the data directory."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"There is no platform in {data_dir} yet. Start one with “zyenta up”, set ZYENTA_DATA_DIR to another directory, "
            "or set DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS."
        )


@asynccontextmanager
async def settings_of_running() -> AsyncIterator[Settings]:
    """Yield settings with the addresses of the platform to use.

    Configured addresses win. Otherwise they come from the platform that runs on the data directory. If no platform runs,
    its servers (not its services) are started until the command ends.

    Raises:
        BadSettings: a setting is invalid.
        NothingYet: no address is configured, and no platform ever ran on the data directory.
        Unreachable: a configured server does not answer.
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
    """Return a supervisor for these settings. Defaults of ports and addresses do not count as configured.

    Raises:
        BadSettings: the plans cannot be read. A service would notice only when all others have started.
    """
    chosen_plans(settings)
    public = {"gateway": "gateway_url", "storefront": "storefront_domain", "sandbox": "sandbox_url"}
    ports = {role: f"{role}_port" for role in public}
    configured = settings.model_dump(include={*public.values(), *ports.values()}, exclude_unset=True)
    return Supervisor(
        settings.data_dir.absolute(),
        Configuration(
            database_url=settings.database_url,
            bootstrap_servers=settings.broker_address,
            settings=environment_of(settings),
            ports={role: configured[name] for role, name in ports.items() if name in configured},
            usual_ports={role: Settings.model_fields[name].default for role, name in ports.items()},
            public_addresses={role: configured[name] for role, name in public.items() if name in configured},
            former_sandboxes=settings.sandbox_former_urls,
            master_keys=[key.get_secret_value() for key in settings.master_keys],
        ),
    )


def configured_settings() -> Settings:
    """Return what the platform to use was configured with, for advice about it.

    A platform that runs on the data directory has its own settings, whatever this shell has. A key and a broker that it
    made itself do not count as configured.
    """
    settings = read_settings()
    running = settings.data_dir.absolute() / "running.json"
    if (settings.database_url and settings.kafka_bootstrap_servers) or not running.exists():
        return settings
    environment = json.loads(running.read_text())
    own = own_parts(settings.data_dir.absolute())
    return settings_from({name: value for name, value in environment.items() if own.get(name) != value}, alone=True)


def settings_from(environment: dict[str, str], *, alone: bool = False) -> Settings:
    """Return the settings that a service with this environment would read.

    Args:
        environment: variables by name.
        alone: whether this process's own settings are left out. By default they fill what the environment lacks.
    """
    before = dict(os.environ)
    if alone:
        for name in variables():
            os.environ.pop(name, None)
        os.environ[ENV_FILE] = ""
    os.environ.update(environment)
    try:
        return read_settings()
    finally:
        os.environ.clear()
        os.environ.update(before)
