"""What is parked in a broker that tests share."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.internal.deliveries import DeadLetter, read_dead_letter, read_letter_done
from schemas.topics import DEAD_LETTERS


async def letters_of(kafka: str, group: str, *, wanted: int = 0) -> list[DeadLetter]:
    """Return all of a group's letters, once there are as many as wanted; open or not."""
    partition = TopicPartition(DEAD_LETTERS.name, 0)
    found: list[DeadLetter] = []
    async with AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False) as reader, asyncio.timeout(20):
        reader.assign([partition])
        await reader.seek_to_beginning(partition)
        end = (await reader.end_offsets([partition]))[partition]
        while len(found) < wanted or await reader.position(partition) < end:
            records = (await reader.getmany(timeout_ms=200)).get(partition, ())
            letters = (read_dead_letter(record) for record in records if read_letter_done(record) is None)
            found.extend(letter for letter in letters if letter.group == group)
    return found
