"""The cost of an operation in its answer, whichever way the operation takes; trusted documents over HTTP."""

from gateway.trusted_documents import TrustedDocuments, sha256
from tests.support.platforms.gateway import a_platform

ME = "{ me { id } }"


async def test_every_answer_has_its_cost_and_only_trusted_documents_run(database: str) -> None:
    async with a_platform(database, rate_factor=1) as platform:
        owner = await platform.merchant()
        left = []
        for query in (
            ME,
            ME,
            f'query {{ nodes(ids: ["{owner.id}"]) {{ id }} }}',
            'mutation { logOut(input: {refreshToken: "x"}) { done } }',
        ):
            answer = await platform.post(query, by=owner)
            cost = answer["extensions"]["cost"]
            assert cost["requested"] > 0
            assert cost["budget"] >= cost["remaining"]
            left.append(cost["remaining"])
        assert left[0] < cost["budget"]
        # The document of a shape, which other texts made known.
        shaped = await platform.post('{ store(id: "x") { id } }', by=owner)
        assert shaped["extensions"]["cost"]["requested"] == 2


async def test_only_trusted_documents_run(database: str) -> None:
    async with a_platform(database, trusted_documents=TrustedDocuments([ME])) as platform:
        asked = await platform.client.post("/graphql", json={"query": "{ plans { id } }"})
        assert asked.json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
        for body in ({"query": ME}, {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(ME)}}}):
            answer = (await platform.client.post("/graphql", json=body)).json()
            assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
