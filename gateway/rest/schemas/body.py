"""The base class of all bodies."""

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic.alias_generators import to_camel


class Body(BaseModel):
    """A request or response body. Fields are camelCase, and unknown fields are rejected."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


def example(**values: JsonValue) -> ConfigDict:
    """Return the configuration of a body that is shown with these values."""
    return ConfigDict(json_schema_extra={"example": values})
