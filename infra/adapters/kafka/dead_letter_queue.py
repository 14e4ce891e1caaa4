"""The dead letter topic as a list of letters that still need somebody: reading it, and closing letters."""

from collections.abc import Sequence
from datetime import datetime

from aiokafka import AIOKafkaProducer

from infra.adapters.kafka.topic import TopicMissing, open_reader, read_to_end
from schemas.internal.broker_address import client_settings
from schemas.internal.deliveries import DeadLetter, LetterDone, read_dead_letter, read_letter_done
from schemas.topics import DEAD_LETTERS

TIMEOUT_MS = 15_000


class DeadLetterQueue:
    """Dead letters by id. The topic is a log too: a letter is closed by a later record, never removed."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap_servers = bootstrap_servers

    async def open_letters(self) -> list[DeadLetter]:
        """Return the letters that were neither replayed nor dropped, in the order in which they were parked.

        Raises:
            KafkaError: the broker is out of reach; retrying may help.
        """
        letters: dict[str, DeadLetter] = {}
        try:
            async with open_reader(self._bootstrap_servers, DEAD_LETTERS) as consumer:
                ends = await consumer.end_offsets(consumer.assignment())
                async for records in read_to_end(consumer, ends):
                    for record in records:
                        done = read_letter_done(record)
                        if done is not None:
                            for id in [id for id, each in letters.items() if done.id in {id, each.place}]:
                                del letters[id]
                            continue
                        try:
                            letter = read_dead_letter(record)
                        except ValueError:
                            continue  # somebody else's record; it is nobody's letter
                        letters.pop(letter.id, None)
                        letters[letter.id] = letter
        except TopicMissing:
            return []
        return list(letters.values())

    async def close(self, letters: Sequence[DeadLetter], how: str, at: datetime) -> None:
        """Say that letters need no attention any more; harmless to repeat.

        Args:
            letters: which.
            how: ``replayed`` or ``dropped``.
            at: now.

        Raises:
            KafkaError: the broker is out of reach; retrying may help.
        """
        producer = AIOKafkaProducer(
            **client_settings(self._bootstrap_servers),
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=TIMEOUT_MS,
        )
        await producer.start()
        try:
            for letter in letters:
                done = LetterDone(id=letter.id, how=how, at=at)
                await producer.send_and_wait(DEAD_LETTERS.name, key=letter.key or b"", headers=done.to_headers())
        finally:
            await producer.stop()
