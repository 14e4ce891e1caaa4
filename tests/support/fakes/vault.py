"""A vault in memory: supplier credentials, and personal data under a key per person."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from domain.accounts.email import email_key
from domain.merchant.events import SupplierProvider
from domain.merchant.ports import OwnKey, SupplierCredentials
from domain.privacy import AddressMatches, PersonalData, Sealed


class MemoryVault:
    """Implements ``SupplierVault`` and ``SupplierCredentialsReader``."""

    def __init__(self) -> None:
        self.kept: dict[tuple[UUID, SupplierProvider], SupplierCredentials] = {}

    async def keep(self, merchant_id: UUID, provider: SupplierProvider, credentials: SupplierCredentials) -> None:
        self.kept[merchant_id, provider] = credentials

    async def read(self, merchant_id: UUID, provider: SupplierProvider) -> SupplierCredentials | None:
        return self.kept.get((merchant_id, provider))

    async def drop(self, merchant_id: UUID, provider: SupplierProvider) -> None:
        self.kept.pop((merchant_id, provider), None)


class MemoryOwnKeys:
    """Implements ``OwnKeyVault``, and finds the key of an account."""

    def __init__(self) -> None:
        self.kept: dict[UUID, OwnKey] = {}

    async def keep(self, merchant_id: UUID, key: OwnKey) -> None:
        self.kept[merchant_id] = key

    async def read(self, merchant_id: UUID) -> OwnKey | None:
        return self.kept.get(merchant_id)

    async def drop(self, merchant_id: UUID) -> None:
        self.kept.pop(merchant_id, None)

    async def key_of(self, account_id: str) -> str | None:
        return next((key.secret_key for key in self.kept.values() if key.account_id == account_id), None)


class MemoryPersonalData:
    """Implements ``PersonalData``. A ciphertext is a random name under which the value is stored with its key."""

    def __init__(self) -> None:
        self._keys: dict[UUID, UUID] = {}
        self._values: dict[str, tuple[UUID, UUID, str]] = {}
        """Person, key and value by ciphertext."""
        self._addresses: dict[UUID, tuple[UUID, str]] = {}
        """Store and key of the address by person."""

    async def seal(self, person_id: UUID, value: str) -> Sealed:
        key = self._keys.setdefault(person_id, uuid4())
        ciphertext = f"memory.{uuid4()}"
        self._values[ciphertext] = (person_id, key, value)
        return Sealed(person_id=person_id, ciphertext=ciphertext)

    async def seal_address(self, person_id: UUID, store_id: UUID, email: str) -> Sealed:
        self._addresses[person_id] = store_id, email_key(email)
        return await self.seal(person_id, email)

    async def with_address(self, store_id: UUID, email: str) -> AddressMatches:
        found = [person for person, each in self._addresses.items() if each == (store_id, email_key(email))]
        return AddressMatches(found, datetime.min.replace(tzinfo=UTC))

    async def open(self, sealed: Sealed) -> str | None:
        person_id, key, value = self._values[sealed.ciphertext]
        return value if person_id == sealed.person_id and self._keys.get(person_id) == key else None

    async def open_many(self, sealed: Sequence[Sealed]) -> Sequence[str | None]:
        return [await self.open(value) for value in sealed]

    async def forget(self, person_id: UUID) -> None:
        self._keys.pop(person_id, None)
        self._addresses.pop(person_id, None)


class MemoryEvidenceFiles:
    """Implements ``EvidenceFiles``. A content is readable as long as its person's key is there."""

    def __init__(self, personal: PersonalData) -> None:
        self._personal = personal
        self.kept: dict[UUID, tuple[Sealed, bytes]] = {}

        self.waiting: dict[UUID, datetime] = {}

    async def receive(self, upload_id: UUID, person_id: UUID, data: bytes, *, at: datetime) -> None:
        await self.put(upload_id, person_id, data)
        self.waiting[upload_id] = at

    async def received(self, upload_id: UUID, person_id: UUID) -> bytes | None:
        if upload_id not in self.waiting or self.kept[upload_id][0].person_id != person_id:
            return None
        return await self.get(upload_id)

    async def delete_received(self, before: datetime) -> None:
        await self.delete([id for id, at in self.waiting.items() if at < before])

    async def put(self, file_id: UUID, person_id: UUID, data: bytes) -> None:
        self.waiting.pop(file_id, None)
        self.kept[file_id] = (await self._personal.seal(person_id, ""), data)

    async def get(self, file_id: UUID) -> bytes | None:
        if file_id not in self.kept:
            return None
        seal, data = self.kept[file_id]
        return None if await self._personal.open(seal) is None else data

    async def delete(self, file_ids: Sequence[UUID]) -> None:
        for id in file_ids:
            self.kept.pop(id, None)
            self.waiting.pop(id, None)

    async def forget(self, person_id: UUID) -> None:
        await self.delete([id for id, kept in self.kept.items() if kept[0].person_id == person_id])
