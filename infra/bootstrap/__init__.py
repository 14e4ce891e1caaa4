"""The only composition root: turns settings into running roles.

    platform    the parts that roles share, made when first asked for
    team        agents, policies and writers, wired
    roles       what a process can be told to do
    running     how a role runs until it is told to stop

Imports are made where a role needs them: a projector must not carry GraphQL and image libraries in memory.
"""

from infra.bootstrap.consumers import consumers
from infra.bootstrap.platform import NotConfigured, Platform, SystemClock, handlers, open_platform
from infra.bootstrap.roles import ROLES, Role, gateway_app, run_consumers, run_projectors, run_roles, storefront_app

__all__ = [
    "ROLES",
    "NotConfigured",
    "Platform",
    "Role",
    "SystemClock",
    "consumers",
    "gateway_app",
    "handlers",
    "open_platform",
    "run_consumers",
    "run_projectors",
    "run_roles",
    "storefront_app",
]
