"""Rules that every field of the schema keeps, so that a client needs to learn them once."""

import re
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
)

from domain.team.permissions import permissions
from gateway.api.error_codes import error_codes
from projections.reading.kinds import Kind
from tests.support.schema import published_schema

SCHEMA = published_schema()
OBJECTS = [
    type for type in SCHEMA.type_map.values() if isinstance(type, GraphQLObjectType) and not type.name.startswith("__")
]
assert SCHEMA.mutation_type is not None
assert SCHEMA.query_type is not None
MUTATIONS = SCHEMA.mutation_type.fields
SHARES = {"percent", "percentage"}
"""Decimal fields that are no amounts."""


def test_every_amount_is_also_an_object_with_currency_and_text() -> None:
    amounts = 0
    for type in OBJECTS:
        for name, field in type.fields.items():
            if get_named_type(field.type).name == "Decimal" and name not in SHARES:
                amounts += 1
                money = type.fields.get(f"{name}Money")
                assert money is not None, f"{type.name}.{name} has no {name}Money"
                assert str(money.type) == str(field.type).replace("Decimal", "Money")
    assert amounts > 40


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_mutation_has_typed_errors_an_idempotency_key_and_a_consistency_token(name: str) -> None:
    payload, arguments = get_named_type(MUTATIONS[name].type), MUTATIONS[name].args
    assert isinstance(payload, GraphQLObjectType)
    assert [interface.name for interface in payload.interfaces] == ["Payload"]
    assert str(payload.fields["userErrors"].type) == "[UserError!]!"
    assert str(payload.fields["consistencyToken"].type) == "String"
    assert list(arguments) == ["input"]
    kind = get_named_type(arguments["input"].type)
    assert isinstance(kind, GraphQLInputObjectType)
    # What no API key may do is about accounts, sessions and keys, some of which no command changes.
    is_of_account = permissions().field("Mutation", name).scope is None
    assert (is_of_account and "commandId" not in kind.fields) or str(kind.fields["commandId"].type) == "UUID"
    assert str(kind.fields["clientMutationId"].type) == "String"


OVERWRITES_NOTHING = {
    "the caller's own account, which one person has": "register logIn completeLogIn refreshToken logOut createApiKey "
    "rotateApiKey revokeApiKey deleteAccount requestEmailConfirmation confirmEmail changeEmail changeName requestPasswordReset "
    "resetPassword changePassword endSession logOutEverywhere beginPasskey addPasskey renamePasskey removePasskey "
    "beginPasskeyLogIn logInWithPasskey beginTotp confirmTotp disableTotp makeRecoveryCodes beginSignIn beginSignInLink "
    "finishSignIn unlinkSignIn connectSupplier disconnectSupplier connectStripe linkStripe finishStripeLink useStripeKey "
    "checkStripe disconnectStripe openPlanCheckout openPlanPortal acceptInvitation leaveStore",
    "adds something": "invitePerson requestStore createDiscount connectDomain addPage addProduct requestUpload "
    "requestEvidenceUpload",
    "ends something, once": "withdrawInvitation removePerson removeDomain removePage removeCollection removePhoto "
    "removeDisputeEvidenceFile archiveStore archiveProduct eraseCustomer dropDraft",
    "moves a status, which refuses a move that is not open": "approveStore publishStore pauseStore activateProduct "
    "deactivateProduct pauseDiscount resumeDiscount decideGoods cancelOrder receiveReturn declineReturn "
    "submitDisputeEvidence cancelGeneration",
    "pays or buys, once": "refundOrder refundReturn replaceReturn refundHeldOrder buyAnyway substituteLines "
    "placeSupplierOrder checkSupplierAgain",
    "asks for work, whose result is a draft or can be made again": "retryStep regenerateStep regenerate continueGeneration "
    "chooseNiche processImage",
    "compares what the draft began with": "acceptDraft",
}
"""Mutations that take no `expected...`, and why a second editor loses nothing."""


def test_every_mutation_that_overwrites_a_value_can_name_the_value_that_its_editor_saw() -> None:
    safe = [name for names in OVERWRITES_NOTHING.values() for name in names.split()]
    blind = {
        name
        for name, field in MUTATIONS.items()
        if not any(each.startswith("expected") for each in get_named_type(field.args["input"].type).fields)
    }
    assert sorted(safe) == sorted(blind)


NEEDS_NO_PROOF = {
    "proves who the person is by a link, a code, a device or a provider": "completeLogIn refreshToken beginPasskeyLogIn "
    "logInWithPasskey beginSignIn finishSignIn acceptInvitation",
    "ends what began with a proof": "addPasskey confirmTotp",
    "sends a mail to an address that the account has": "requestEmailConfirmation requestPasswordReset",
    "ends an access of the person's own": "logOut endSession logOutEverywhere revokeApiKey leaveStore",
    "changes a name": "changeName renamePasskey",
    "is about a store or its money, and is no way into the account": "invitePerson withdrawInvitation changeRole "
    "removePerson eraseCustomer setBusinessIdentity connectSupplier disconnectSupplier connectStripe linkStripe "
    "finishStripeLink useStripeKey checkStripe disconnectStripe openPlanCheckout openPlanPortal",
}
"""Mutations that no API key may send and that ask for no password, and why."""


def test_every_mutation_that_makes_replaces_or_removes_a_way_into_the_account_asks_for_a_proof() -> None:
    unproved = {
        name
        for name, field in MUTATIONS.items()
        if permissions().field("Mutation", name).scope is None
        and not {"password", "currentPassword"} & get_named_type(field.args["input"].type).fields.keys()
    }
    assert sorted(name for names in NEEDS_NO_PROOF.values() for name in names.split()) == sorted(unproved)


def test_every_error_has_code_field_path_and_message() -> None:
    error = SCHEMA.type_map["UserError"]
    assert isinstance(error, GraphQLObjectType)
    assert {name: str(field.type) for name, field in error.fields.items()} == {
        "code": "ErrorCode!",
        "message": "String!",
        "field": "String",
    }


def test_the_codes_of_errors_are_those_of_the_catalog_with_its_words() -> None:
    codes = SCHEMA.type_map["ErrorCode"]
    assert isinstance(codes, GraphQLEnumType)
    assert {code: value.description for code, value in codes.values.items()} == {
        code: each.meaning for code, each in error_codes().items()
    }


def test_every_object_and_list_of_the_query_waits_for_a_consistency_token() -> None:
    assert SCHEMA.query_type is not None
    found = {
        name: field for name, field in SCHEMA.query_type.fields.items() if {"id", "ids", "first"} & set(field.args)
    }
    assert len(found) >= 10
    assert {name for name, field in found.items() if "consistencyToken" not in field.args} == set()


def test_every_connection_is_a_relay_connection() -> None:
    connections = 0
    for type in OBJECTS:
        for name, field in type.fields.items():
            kind = get_named_type(field.type)
            if kind.name.endswith("Connection"):
                connections += 1
                assert isinstance(kind, GraphQLObjectType)
                assert {"first", "after"} <= set(field.args), f"{type.name}.{name}"
                edge = get_named_type(kind.fields["edges"].type)
                assert isinstance(edge, GraphQLObjectType)
                assert str(kind.fields["pageInfo"].type) == "PageInfo!"
                assert str(edge.fields["cursor"].type) == "String!"
    assert connections > 10


BOUNDED = {
    "every merchant": "plans supplierAccounts signIns sessions passkeys limits budgets requirements owedFees",  # at most 50 or 100
    "every store": "balances tasks publicationBlockers zones bands rates jobs provenance suppliers",
    "one product or file": "images variants renditions operations options fitTerms",
    "one decision of a person or an agent": "changes available rejected texts missing steps newLogs days nodes foundGoods",
    # An order ends, and no statement reads the orders of more than one page.
    "one order": "lines unmatchedPayments pageVersions parcels refunds substitutes supplierOrders returns disputes "
    "withdrawals mails received files",
}
"""Lists of objects that do not grow: what bounds them, and their names."""


def test_every_list_of_objects_that_can_grow_is_a_connection() -> None:
    known = {name for names in BOUNDED.values() for name in names.split()}
    growing = {
        f"{type.name}.{name}"
        for type in OBJECTS
        if not type.name.endswith(("Connection", "Payload"))
        for name, field in type.fields.items()
        if is_list_type(get_nullable_type(field.type))
        and not is_leaf_type(get_named_type(field.type))
        and field.deprecation_reason is None
        and name not in known
    }
    assert growing == set()


def test_every_list_that_a_connection_replaces_names_it() -> None:
    replaced = {
        f"{type.name}.{name}": field.deprecation_reason
        for type in OBJECTS
        for name, field in type.fields.items()
        if f"{name}Connection" in type.fields
    }
    assert replaced == {key: f"Use {key.partition('.')[2]}Connection." for key in replaced}
    assert len(replaced) == 12


def test_every_list_takes_its_conditions_as_one_filter_and_one_sort() -> None:
    paging = {"first", "after", "last", "before", "filter", "sort", "consistencyToken", "month"}
    odd = {
        f"{type.name}.{name}({argument})"
        for type in OBJECTS
        for name, field in type.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
        for argument, each in field.args.items()
        if argument not in paging and each.deprecation_reason is None
    }
    assert odd == set()


ONE_ORDER = {
    "calls": "read forwards only",
    "logs": "read forwards only",
    "events": "read forwards only",
    "activity": "read forwards only",
    "statementConnection": "a book is read in the order of time",
    "timeline": "a history is read in the order of time",
    "categoryPagesConnection": "one text for each category, which have a sort",
}
"""Lists without a sort, and why."""


def test_every_other_list_is_sorted_by_the_client() -> None:
    lists = [
        (name, field.args)
        for type in OBJECTS
        for name, field in type.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
    ]
    assert {name for name, arguments in lists if "sort" not in arguments} == ONE_ORDER.keys()
    assert all(is_enum_type(get_named_type(arguments["sort"].type)) for _, arguments in lists if "sort" in arguments)


def test_filters_have_one_word_for_one_thing() -> None:
    filters = [
        type
        for type in SCHEMA.type_map.values()
        if isinstance(type, GraphQLInputObjectType) and type.name.endswith("Filter")
    ]
    assert len(filters) > 8
    for type in filters:
        for name, field in type.fields.items():
            assert not isinstance(field.type, GraphQLNonNull) or field.default_value is not None, f"{type.name}.{name}"
            if get_named_type(field.type).name.endswith(("Status", "State")):
                assert name in {"statuses", "productStatuses"}, f"{type.name}.{name}"


def test_every_object_that_node_finds_has_an_id_that_is_never_null() -> None:
    for type in OBJECTS:
        if any(interface.name == "Node" for interface in type.interfaces):
            assert isinstance(type.fields["id"].type, GraphQLNonNull), type.name


NOT_FOUND_BY_ID = {
    "EvidenceFile": "read it with its dispute, which the order has",
    "Activity": "an event of the log, which `events` finds by its position",
    "StoreEvent": "an event of the log, which `events` finds by its position",
    "ApiKey": "a secret's row; no API key may see it",
    "OpenSession": "a secret's row; no API key may see it",
    "Passkey": "a secret's row; no API key may see it",
    "Invitation": "the owner's; `Store.invitations` checks the role",
    "Person": "the id of an account; the role depends on the store",
    "ProductImage": "the id of a MediaAsset, which `node` finds",
    "UploadTarget": "nothing is stored before the upload",
}


def test_node_finds_every_type_with_an_id_that_no_reason_excludes() -> None:
    with_id = {
        type.name for type in OBJECTS if "id" in type.fields and get_named_type(type.fields["id"].type).name == "ID"
    }
    nodes = {type.name for type in OBJECTS if any(interface.name == "Node" for interface in type.interfaces)}
    assert {str(kind) for kind in Kind} == nodes
    assert with_id - nodes == NOT_FOUND_BY_ID.keys()


def test_every_subscription_takes_a_cursor_and_returns_one() -> None:
    assert SCHEMA.subscription_type is not None
    for name, field in SCHEMA.subscription_type.fields.items():
        assert str(field.args["after"].type) == "String", name
        message = get_nullable_type(field.type)
        assert isinstance(message, GraphQLObjectType)
        assert not is_list_type(message)
        assert str(message.fields["cursor"].type) == "String!", name


ASKS_THE_PRESENT = {
    "loaders.py": "names of people are theirs, and the present ones",
    "store.py": "names of people are theirs, and the present ones",
}
"""Files of resolvers with the clock or the database of the present, and why that is right below `asOf`."""


def test_no_resolver_below_as_of_asks_the_clock_or_the_present_database() -> None:
    files = [*Path("gateway/graphql/types").glob("*.py"), Path("gateway/graphql/loaders.py")]
    found = {
        path.name
        for path in files
        if re.search(r"deps\.(clock|reader)\b|self\._present\b|clock\.now\(|datetime\.now\(", path.read_text())
    }
    assert len(files) > 20
    assert found == ASKS_THE_PRESENT.keys()
