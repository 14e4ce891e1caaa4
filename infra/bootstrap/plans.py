"""The plans that a platform sells, and the provider that merchants pay them through."""
# ruff: noqa: PLC0415

from pathlib import Path
from typing import TYPE_CHECKING

from domain.subscription.plans import DEFAULT, BadPlans, Plans, read_plans
from infra.settings import BadSettings, Settings

if TYPE_CHECKING:
    from domain.subscription.ports import PlanPayments
    from infra.adapters.payments.sandbox_plans import SandboxPlans
    from infra.bootstrap.platform import Platform


def chosen_plans(settings: Settings) -> Plans | None:
    """Return the plans of the settings; None if none are sold.

    Raises:
        BadSettings: the file of plans is missing or makes no sense, or a plan cannot be paid at Stripe.
    """
    chosen = settings.plans
    if chosen is None:
        return None
    path = DEFAULT if chosen == "default" else Path(chosen)
    try:
        plans = read_plans(path.read_text())
    except OSError as error:
        raise BadSettings(f"ZYENTA_PLANS is {chosen!r}, which cannot be read ({error.strerror}).") from error
    except BadPlans as error:
        raise BadSettings(f"ZYENTA_PLANS is {chosen!r}, which {error}") from error
    unsold = [plan.id for plan in plans.by_id.values() if plan.price is not None and plan.stripe_price is None]
    if settings.stripe_secret_key is not None and unsold:
        raise BadSettings(
            f"ZYENTA_PLANS is {chosen!r}, whose plan {unsold[0]} has a price and no stripe_price. Make a monthly price in "
            "Stripe's dashboard and write its id into the file."
        )
    return plans


def sandbox_plans(platform: "Platform") -> "SandboxPlans":
    """Return the sandbox's subscriptions of merchants to the platform."""
    from infra.adapters.payments.sandbox_plans import SandboxPlans

    page_url = f"{platform.settings.sandbox_url}/plan"
    return SandboxPlans(platform.sandbox_secret(), page_url=page_url, clock=platform.clock)


async def plan_payments(platform: "Platform") -> "PlanPayments | None":
    """Return the provider that merchants pay the platform through; None if no plans are sold."""
    plans = platform.plans()
    if plans is None:
        return None
    if platform.settings.stripe_secret_key is None:
        return sandbox_plans(platform)
    from infra.adapters.payments.stripe.plans import StripePlans

    return StripePlans(await platform.stripe(), plans, platform.clock)
