"""The names of environment variables that settings are read from."""

from pydantic import AliasChoices

from infra.settings import Settings


def variable_of(field: str) -> str:
    """Return the variable that a setting is read from."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return f"{Settings.model_config['env_prefix']}{field}".upper()


def known_variables() -> set[str]:
    """Return the variables of all settings."""
    return {variable_of(field) for field in Settings.model_fields}
