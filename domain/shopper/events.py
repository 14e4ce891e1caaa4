"""What can happen to a shopper as a person."""

from uuid import UUID

from domain.kernel import DomainEvent


class ShopperForgotten(DomainEvent, wire_name="shopper.shopper_forgotten.v1"):
    """A shopper's personal data was erased: the key it is sealed under is deleted, here and in every restored backup.

    The originator is the shopper. Orders stay, with their amounts and lines; name, e-mail and address are noise from
    then on, wherever they lie.
    """

    store_id: UUID
    """Where the shopper had ordered."""


ShopperEvent = ShopperForgotten
