"""Records in the log what happened to an account."""

from uuid import UUID

from commands.account import AccountCommand
from commands.ports import CommandReused, Context, Dispatcher, Receipt
from domain.ids import uuid7
from domain.kernel import Clock


class AccountLog:
    """Dispatches commands about accounts."""

    def __init__(self, commands: Dispatcher, clock: Clock) -> None:
        self._commands, self._clock = commands, clock

    async def record(
        self, command: AccountCommand, *, id: UUID | None = None, actor: str | None = None
    ) -> Receipt | None:
        """Carry out a command. None if it was carried out before.

        Args:
            command: the command.
            id: the command's id, for one that may be repeated; a new one if None.
            actor: the person, as :class:`domain.team.actors.Actor` writes it.

        Raises:
            DomainError, ConcurrencyConflict, Transient: see ``CommandBus.dispatch``.
        """
        command_id = uuid7(int(self._clock.now().timestamp() * 1000)) if id is None else id
        try:
            return await self._commands.dispatch(
                command, Context(command_id=command_id, correlation_id=command_id, actor=actor)
            )
        except CommandReused:
            # Each sealing gives another ciphertext, so a repeat has a different payload; the first one was accepted.
            return None
