"""Every command with its handler, and the one place that gives handlers their dependencies."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

from commands import (
    account,
    after_sale,
    brand,
    calls,
    cart_link,
    checkout,
    discount,
    disputes,
    domains,
    draft,
    generation,
    image_result,
    image_step,
    inbox,
    mail,
    media,
    merchant,
    order,
    owed_fees,
    page,
    presentation,
    product,
    product_changes,
    product_copy,
    product_photos,
    purchasing,
    refunds,
    returns,
    shipping,
    shopper,
    sourcing,
    step,
    stock_notice,
    store,
    subscription,
    taxes,
    team,
)
from commands.ports import Handler, Handlers, UnboundHandlers
from commands.subscription import SoldPlans
from domain.kernel import Clock
from domain.store.ports import BrandKit, NicheReader, TextMeasure

HANDLERS: UnboundHandlers = dict(
    chain.from_iterable(
        module.HANDLERS.items()
        for module in (
            account,
            after_sale,
            brand,
            calls,
            cart_link,
            checkout,
            discount,
            disputes,
            domains,
            draft,
            generation,
            image_result,
            image_step,
            inbox,
            mail,
            media,
            merchant,
            order,
            page,
            owed_fees,
            presentation,
            product,
            product_changes,
            product_copy,
            product_photos,
            purchasing,
            refunds,
            returns,
            shipping,
            shopper,
            sourcing,
            step,
            stock_notice,
            store,
            subscription,
            taxes,
            team,
        )
    )
)
"""Each command and its handler as the modules list them."""


def bind(
    *,
    clock: Clock,
    measure: TextMeasure,
    niches: NicheReader,
    kit: BrandKit,
    sandbox: bool = True,
    stripe: bool = False,
    platform_domains: Sequence[str] = ("localhost",),
    sold: SoldPlans | None = None,
) -> Handlers:
    """Return each command with a handler that the bus can call.

    A handler receives the dependencies that its keyword-only parameters name, and no others.

    Args:
        clock: the current time.
        measure: measures texts.
        niches: reads the goods of a corrected niche.
        kit: what brands can be made of.
        sandbox: whether payments are a sandbox, so that an incomplete store may be published.
        stripe: whether merchants are paid into their accounts at Stripe.
        platform_domains: domains that no merchant may connect, those below them included.
        sold: the plans that the platform sells; None if it sells none, and nothing limits merchants.

    Raises:
        TypeError: a handler names a dependency that ``bind`` does not have.
    """
    dependencies = {
        "clock": clock,
        "measure": measure,
        "niches": niches,
        "kit": kit,
        "sandbox": sandbox,
        "stripe": stripe,
        "platform_domains": platform_domains,
        "sold": sold,
    }
    return {command: _bound(handler, dependencies) for command, handler in HANDLERS.items()}


def _bound(handler: Callable[..., Awaitable[Any]], dependencies: Mapping[str, object]) -> Handler:
    parameters = inspect.signature(handler).parameters.values()
    names = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    unknown = [name for name in names if name not in dependencies]
    if unknown:
        raise TypeError(f"{handler.__qualname__} asks for {', '.join(unknown)}. Add it to commands.registry.bind.")
    return partial(handler, **{name: dependencies[name] for name in names})
