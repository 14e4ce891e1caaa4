"""Reads the open letters of the dead-letter topic, and closes letters."""

from collections.abc import Sequence
from datetime import datetime

from aiokafka import AIOKafkaProducer

from infra.adapters.kafka.topic import TopicMissing, open_reader, read_to_end
from schemas.internal.broker_address import client_settings
from schemas.internal.deliveries import DeadLetter, LetterDone, read_dead_letter, read_letter_done
from schemas.topics import DEAD_LETTERS

TIMEOUT_MS = 15_000


class DeadLetterQueue:
    """Dead letters by id. A later record closes a letter; the topic removes none."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap_servers = bootstrap_servers

    async def open_letters(self) -> list[DeadLetter]:
        """Return the letters that were neither replayed nor dropped, in the order of the topic.

        Raises:
            KafkaError: the broker is out of reach; retrying may help.
        """
        letters = _OpenLetters()
        try:
            async with open_reader(self._bootstrap_servers, DEAD_LETTERS) as consumer:
                ends = await consumer.end_offsets(consumer.assignment())
                async for records in read_to_end(consumer, ends):
                    for record in records:
                        done = read_letter_done(record)
                        if done is not None:
                            letters.close(done.id)
                            continue
                        try:
                            letter = read_dead_letter(record)
                        except ValueError:
                            continue  # a foreign record, not a letter
                        letters.add(letter)
        except TopicMissing:
            return []
        return letters.all()

    async def close(self, letters: Sequence[DeadLetter], how: str, at: datetime) -> None:
        """Mark letters as handled; repeating it is harmless.

        Args:
            letters: the letters.
            how: ``replayed`` or ``dropped``.
            at: the current time.

        Raises:
            KafkaError: the broker is out of reach; retrying may help.
        """
        producer = AIOKafkaProducer(
            **client_settings(self._bootstrap_servers),
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=TIMEOUT_MS,
        )
        try:
            await producer.start()
            for letter in letters:
                done = LetterDone(id=letter.id, how=how, at=at)
                await producer.send_and_wait(DEAD_LETTERS.name, key=letter.key or b"", headers=done.to_headers())
        finally:
            await producer.stop()


class _OpenLetters:
    """Open letters in the order of the topic.

    Earlier releases closed letters by their record's place. A topic that was published again has places twice.
    """

    def __init__(self) -> None:
        self._letters: dict[str, DeadLetter] = {}
        self._ids: dict[str, set[str]] = {}
        """By place."""

    def add(self, letter: DeadLetter) -> None:
        self._remove(letter.id)
        self._letters[letter.id] = letter
        self._ids.setdefault(letter.place, set()).add(letter.id)

    def close(self, id_or_place: str) -> None:
        for id in {id_or_place, *self._ids.get(id_or_place, ())}:
            self._remove(id)

    def _remove(self, id: str) -> None:
        letter = self._letters.pop(id, None)
        if letter is not None:
            ids = self._ids[letter.place]
            ids.remove(id)
            if not ids:
                del self._ids[letter.place]

    def all(self) -> list[DeadLetter]:
        return list(self._letters.values())
