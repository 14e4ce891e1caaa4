"""Users of the embedded PostgreSQL. No service connects as its superuser (ADR 0016).

``zyenta_services`` owns the tables and functions. ``zyenta_imager`` belongs to the imager, which opens strangers' photos. It
may use only the tables in ``IMAGER_GRANTS``.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import asyncpg

from infra.adapters.postgres.migrations import migrate

SERVICES_ROLE = "zyenta_services"
IMAGER_ROLE = "zyenta_imager"

IMAGER_GRANTS: Mapping[str, str] = {
    "events": "select, insert",
    "commands": "select, insert",
    "snapshots": "select, insert, update",
    "answers": "select, insert, update, delete",
    "deliveries": "select, insert, update, delete",
    "canaries": "select",
    "canary_answers": "select, insert, update",
    "foreign_records": "select, insert",
    "model_spending": "select, insert, update",
    "_yoyo_migration": "select",
}
"""Tables for handling an event and appending its result, with the granted rights."""

IMAGER_FORBIDDEN = frozenset(
    {
        "accounts", "account_links", "api_keys", "refresh_families", "refresh_tokens", "rate_limits", "signing_keys", "second_factors", "recovery_codes", "sign_ins", "sign_in_states", "passkeys", "passkey_challenges", "vault", "person_keys", "shopper_addresses",
        "carts", "visits", "evidence_files", "discount_shoppers", "discount_shopper_ids", "library_snapshots", "library_tracking", "projections", "checkpoints", "revisions",
        "_yoyo_log", "_yoyo_version", "yoyo_lock",
    }
)  # fmt: skip
"""All other tables. A test fails for a new table until it is in one of the lists."""

_CREATE = f"""
do $$ begin
    if to_regrole('{SERVICES_ROLE}') is null then create role {SERVICES_ROLE}; end if;
    if to_regrole('{IMAGER_ROLE}') is null then create role {IMAGER_ROLE}; end if;
end $$
"""

# In data directories of earlier versions the superuser owns everything.
_TAKE_OVER = f"""
do $$
declare
    change text;
    owner oid := to_regrole('{SERVICES_ROLE}');
begin
    for change in
        with ours as (
            select oid, nspname, nspowner from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
        )
        select format('alter schema %I owner to {SERVICES_ROLE}', nspname) from ours where nspowner <> owner
        union all
        select format('alter %s %I.%I owner to {SERVICES_ROLE}',
                      case c.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view'
                                     else 'table' end, nspname, relname)
        from pg_class c join ours on ours.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'S') and c.relowner <> owner
          -- A column's own sequence follows its table.
          and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                          and c.relkind = 'S' and d.deptype in ('a', 'i'))
        union all
        select format('alter routine %s owner to {SERVICES_ROLE}', p.oid::regprocedure)
        from pg_proc p join ours on ours.oid = p.pronamespace where p.proowner <> owner
    loop
        execute change;
    end loop;
end $$
"""  # noqa: S608 - constants only

_RIGHTS = (
    # Needed to find the open transaction of any role that holds back the log.
    f"grant pg_read_all_stats to {SERVICES_ROLE}",
    f"revoke all on all tables in schema public from {IMAGER_ROLE}",
    f"grant usage on schema public to {IMAGER_ROLE}",
    f"grant select, update, usage on sequence events_position to {IMAGER_ROLE}",
    *(f"grant {rights} on {table} to {IMAGER_ROLE}" for table, rights in IMAGER_GRANTS.items()),
)


@dataclass(frozen=True, slots=True)
class DatabaseUsers:
    """Addresses of the database, one per user, with the user's password."""

    services: str
    imager: str

    def of(self, service: str) -> str:
        """Return the address for a service."""
        return self.imager if service == "imager" else self.services


async def prepare_users(superuser_dsn: str) -> DatabaseUsers:
    """Create the users, migrate the database and return its addresses.

    The users' passwords are derived from the superuser's, so they stay the same and need no file.

    Args:
        superuser_dsn: the embedded server's database.

    Raises:
        asyncpg.PostgresError, OSError: the server failed; retrying may help.
    """
    services, imager = _password(superuser_dsn, SERVICES_ROLE), _password(superuser_dsn, IMAGER_ROLE)
    connection = await asyncpg.connect(superuser_dsn)
    try:
        await connection.execute(_CREATE)
        for role, password in ((SERVICES_ROLE, services), (IMAGER_ROLE, imager)):
            # Hexadecimal digits need no quoting.
            await connection.execute(f"alter role {role} with login nosuperuser password '{password}'")
        database = await connection.fetchval("select quote_ident(current_database())")
        await connection.execute(f"grant create, temporary on database {database} to {SERVICES_ROLE}")
        await connection.execute(_TAKE_OVER)
        users = DatabaseUsers(
            services=_as(superuser_dsn, SERVICES_ROLE, services), imager=_as(superuser_dsn, IMAGER_ROLE, imager)
        )
        await migrate(users.services)
        for statement in _RIGHTS:
            await connection.execute(statement)
        return users
    finally:
        await connection.close()


def _password(superuser_dsn: str, role: str) -> str:
    return hmac.digest(str(urlsplit(superuser_dsn).password).encode(), role.encode(), hashlib.sha256).hex()


def _as(dsn: str, user: str, password: str) -> str:
    address = urlsplit(dsn)
    return address._replace(netloc=f"{user}:{password}@{address.netloc.rpartition('@')[2]}").geturl()
