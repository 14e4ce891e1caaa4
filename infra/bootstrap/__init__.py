"""The only composition root: turns settings into running roles.

    platform    the parts that roles share
    payments    the parts that move money
    parts       how a part is made once, when first asked for
    consumers   agents and policies, wired
    writers     writers, models and their budgets, wired
    mail        what writes and delivers mails, wired
    gateway     the gateway, wired
    storefront  the storefront, wired
    plans       what the platform sells to merchants
    roles       what a process can run
    lifecycle   how a role runs until it is stopped

Other packages import what ``__all__`` names. Functions import what they wire: a projector must not load GraphQL and
image libraries.
"""

from infra.bootstrap.consumers import consumers
from infra.bootstrap.gateway import gateway_app
from infra.bootstrap.parts import NotConfigured
from infra.bootstrap.platform import Platform, handlers, open_platform
from infra.bootstrap.roles import ROLES, Role, run_consumers, run_projectors, run_roles
from infra.bootstrap.storefront import storefront_app

__all__ = [
    "ROLES",
    "NotConfigured",
    "Platform",
    "Role",
    "consumers",
    "gateway_app",
    "handlers",
    "open_platform",
    "run_consumers",
    "run_projectors",
    "run_roles",
    "storefront_app",
]
