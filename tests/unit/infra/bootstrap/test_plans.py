"""Plans come from the settings: none, those that ship, or a file; each mistake is named."""

from pathlib import Path
from typing import Any

import pytest

from domain.subscription.plans import DEFAULT
from infra.bootstrap.plans import chosen_plans
from infra.settings import BadSettings, Settings


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


def test_without_the_setting_no_plans_are_sold() -> None:
    assert chosen_plans(settings()) is None


def test_the_plans_that_ship_are_the_default() -> None:
    plans = chosen_plans(settings(plans="default"))
    assert plans is not None
    assert list(plans.by_id) == ["free", "store-builder"]


def test_a_file_without_prices_at_stripe_is_refused_with_a_key_for_stripe(tmp_path: Path) -> None:
    file = tmp_path / "plans.toml"
    file.write_text(DEFAULT.read_text())
    assert chosen_plans(settings(plans=str(file))) is not None
    with pytest.raises(BadSettings, match="plan store-builder has a price and no stripe_price"):
        chosen_plans(settings(plans=str(file), stripe_secret_key="sk_test_1"))
    file.write_text(DEFAULT.read_text().replace('stripe_price = ""', 'stripe_price = "price_1"'))
    assert chosen_plans(settings(plans=str(file), stripe_secret_key="sk_test_1")) is not None


def test_a_missing_or_senseless_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"ZYENTA_PLANS is .*No such file"):
        chosen_plans(settings(plans=str(tmp_path / "none.toml")))
    file = tmp_path / "plans.toml"
    file.write_text("[terms]\nfree_plan = 3")
    with pytest.raises(BadSettings, match=r"terms.trial_plan None"):
        chosen_plans(settings(plans=str(file)))
