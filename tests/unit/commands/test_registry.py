"""The registry lists each command once and passes each handler what its signature names."""

import inspect
from collections import Counter
from functools import partial
from importlib import import_module
from pkgutil import iter_modules

import pytest

import commands
from commands.registry import HANDLERS, _bound, bind
from infra.writers.brandkit.kit import DrawnBrandKit
from infra.writers.copykit.scoring import measure
from infra.writers.rules.niche.reader import RuleNicheReader
from tests.support.fakes.event_log import FixedClock

MODULES = [
    module
    for each in iter_modules(commands.__path__, "commands.")
    if each.name != "commands.registry" and hasattr(module := import_module(each.name), "HANDLERS")
]


def test_each_command_has_one_handler() -> None:
    listed = Counter(command for module in MODULES for command in module.HANDLERS)
    assert set(listed.values()) == {1}
    assert HANDLERS.keys() == listed.keys()


def test_a_handler_receives_the_dependencies_that_its_signature_names() -> None:
    clock, niches, kit = FixedClock(), RuleNicheReader(), DrawnBrandKit()
    domains = ("shops.example",)
    known = {
        "clock": clock,
        "measure": measure,
        "niches": niches,
        "kit": kit,
        "sandbox": True,
        "stripe": False,
        "platform_domains": domains,
        "sold": None,
    }
    for command, handler in bind(
        clock=clock, measure=measure, niches=niches, kit=kit, platform_domains=domains
    ).items():
        assert isinstance(handler, partial)
        named = {
            name
            for name, parameter in inspect.signature(HANDLERS[command]).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY
        }
        assert handler.keywords.keys() == named
        assert all(handler.keywords[name] is known[name] for name in named)


def test_a_dependency_that_is_unknown_is_refused_by_name() -> None:
    async def handle(command: object, work: object, *, oracle: object) -> None: ...

    with pytest.raises(TypeError, match="asks for oracle"):
        _bound(handle, {"clock": FixedClock()})
