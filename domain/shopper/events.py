"""Events of a shopper as a person."""

from uuid import UUID

from domain.kernel import DomainEvent


class ShopperForgotten(DomainEvent, wire_name="shopper.shopper_forgotten.v1"):
    """A shopper's personal data was erased: its key is deleted, here and in every restored backup.

    The originator is the shopper. Orders keep their amounts and lines; name, e-mail and address are unreadable everywhere.
    """

    store_id: UUID
    """The store that the shopper ordered from."""


ShopperEvent = ShopperForgotten
