"""The interface of objects that ``node`` finds by id."""

import strawberry


@strawberry.interface(description="An object with an id that no other object has. `node` and `nodes` find it again.")
class Node:
    id: strawberry.ID
