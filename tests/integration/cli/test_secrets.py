"""``zyenta secrets rewrap`` says in a sentence what it did, or which key is missing."""

import json
from pathlib import Path
from uuid import uuid4

import asyncpg

from infra.adapters.master_keys import MasterKeys
from infra.adapters.postgres.vault import PostgresPersonalData
from tests.integration.cli.commands import CommandResult, zyenta


async def test_rewrap_names_a_missing_key_and_then_seals_every_row(
    tmp_path: Path, database: str, pool: asyncpg.Pool
) -> None:
    old = MasterKeys([bytes(32)])
    await PostgresPersonalData(pool, old).seal(uuid4(), "Ada")

    def rewrap(*options: str, keys: str) -> CommandResult:
        return zyenta(
            tmp_path,
            "secrets",
            "rewrap",
            *options,
            DATABASE_URL=database,
            KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1",
            ZYENTA_MASTER_KEYS=keys,
        )

    refused = rewrap(keys="11" * 32)
    assert refused.status == 1
    assert f"1 under key {old.current}" in " ".join(refused.stderr.split())
    done = rewrap(keys=f"{'11' * 32},{'00' * 32}")
    assert done.stdout == "Sealed under the current master key: 1 key of a person, of 1 stored in all.\n", done.stderr
    assert json.loads(rewrap("--json", keys="11" * 32).stdout)["total"] == 1
