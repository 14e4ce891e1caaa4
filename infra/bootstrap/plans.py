"""The plans that a platform sells."""

from pathlib import Path

from domain.subscription.plans import DEFAULT, BadPlans, Plans, read_plans
from infra.settings import BadSettings, Settings


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
