"""Pure decisions: outcomes of messages, keys of documents, states of connections, pauses."""

from typing import Any

import pytest

from openiom.kernel import Invalid, Problem, ProviderDown, ProviderRejected, ProviderUnauthorized
from openiom.policies import MappingKey, Transformed, TransformFailure
from openiom.provider_contract import IntakeResult, ProbeResult
from openiom.providers.mapping_rules import (
    ConnectionState,
    Lookup,
    MessageOutcome,
    apply_mappings,
    build_payload,
    connection_state,
    failure_text,
    intake_outcome,
    locate,
    lookups_of,
    parked,
    parked_for_error,
    parked_for_failure,
    parked_for_keys,
    poll_pause,
    printable,
    unexpected_error,
)

FAILURE = TransformFailure("lines[0].sku", "item.sku", "is required", {"item": {"sku": None}})


def key(value: str, into: str | None = "lines[0].product", table: str = "product") -> MappingKey:
    return MappingKey(table, "sku", value, into)


def test_text_is_stored_without_nul_and_not_longer_than_the_limit():
    assert printable("a\x00b", 10) == "a b"
    assert printable("abcdef", 3) == "abc"


def test_an_unexpected_error_names_its_type_and_the_instance():
    error = unexpected_error(KeyError("id"), "shop")
    assert error.what == "the provider's code failed: KeyError: 'id'"
    assert (error.where, error.remedy) == ("shop", "report this to the author of the provider")
    assert error.retry == "never"
    assert len(unexpected_error(KeyError("x" * 2_000), "shop").what) == 1_000


def test_a_parked_message_has_what_where_and_remedy():
    outcome = parked("a\x00b", "here", "fix it", [Lookup("product", "sku", "A")])
    assert outcome == MessageOutcome(
        "parked",
        "",
        {"what": "a b", "where": "here", "remedy": "fix it"},
        [Lookup("product", "sku", "A")],
    )
    assert len(parked("x" * 5_000).error["what"]) == 4_000


def test_an_error_parks_a_message_where_it_occurred_else_at_the_default():
    error = Invalid("is wrong", where="lines", remedy="correct it")
    assert parked_for_error(error, "shop").error == {
        "what": "is wrong",
        "where": "lines",
        "remedy": "correct it",
    }
    assert parked_for_error(Invalid("is wrong"), "shop").error["where"] == "shop"
    assert parked_for_error(Invalid("is wrong")).error["where"] == ""


def test_a_failure_is_described_with_the_values_its_expression_read():
    assert failure_text(FAILURE) == "is required (item = {'sku': None})"
    assert failure_text(TransformFailure("a", "b", "is required", {})) == "is required"
    two = TransformFailure("a", "b", "failed", {"x": 1, "y": "z" * 300})
    text = failure_text(two)
    assert text.startswith("failed (x = 1, y = 'zzz")
    assert len(text) == len("failed (x = 1, ") + 120 + len(")")


def test_a_failure_parks_its_message_at_the_path():
    assert parked_for_failure(FAILURE) == MessageOutcome(
        "parked",
        error={
            "what": "is required (item = {'sku': None})",
            "where": "lines[0].sku",
            "remedy": "correct the message at its source, or the transformation, and replay",
        },
    )


def test_unmapped_keys_park_their_message_once_each():
    outcome = parked_for_keys([key("A"), key("B", None), key("A", "lines[1].product")])
    assert outcome.state == "parked"
    assert outcome.error == {
        "what": 'no mapping for product with sku "A", product with sku "B"',
        "where": "lines[0].product",
        "remedy": "map the keys; the message is replayed automatically",
    }
    assert outcome.missing == [Lookup("product", "sku", "A"), Lookup("product", "sku", "B")]
    assert parked_for_keys([key("A", None)]).error["where"] == ""


@pytest.mark.parametrize(
    ("count", "ending"),
    [(1, '"0"'), (5, '"4"'), (6, '"4" and 1 more'), (9, '"4" and 4 more')],
)
def test_the_first_five_unmapped_keys_are_listed(count, ending):
    outcome = parked_for_keys([key(str(number)) for number in range(count)])
    assert outcome.error["what"].endswith(ending)
    assert len(outcome.missing) == count


def test_an_accepted_document_processes_its_message():
    result = IntakeResult(True, entity_id="O-1")
    assert intake_outcome(result) == MessageOutcome("processed", "O-1")
    known = IntakeResult(True, entity_id="O-1", duplicate=True)
    assert intake_outcome(known) == MessageOutcome("duplicate", "O-1")


def test_a_refused_document_parks_its_message_with_the_master_data_it_needs():
    result = IntakeResult(
        False, error="no product", where="lines[0]", remedy="add it", needs=(("product", "LAMP"),)
    )
    assert intake_outcome(result) == MessageOutcome(
        "parked",
        error={"what": "no product", "where": "lines[0]", "remedy": "add it"},
        missing=[Lookup("product", "", "LAMP")],
    )


def test_the_lookups_of_documents_are_distinct_and_in_order():
    first = Transformed({}, (key("B"), key("A"), key("B")))
    second = Transformed({}, (key("A"), key("C", None)))
    assert lookups_of([first, FAILURE, second]) == [
        Lookup("product", "sku", "B"),
        Lookup("product", "sku", "A"),
        Lookup("product", "sku", "C"),
    ]
    assert lookups_of([]) == []


def test_mapped_names_are_written_and_unmapped_keys_returned():
    document: dict[str, Any] = {"lines": [{"n": 1}, {"n": 2}]}
    keys = (key("A"), key("B", "lines[1].product"), key("C", None), key("D", None))
    names = {Lookup("product", "sku", "A"): "Lamp", Lookup("product", "sku", "C"): "Chair"}
    assert apply_mappings(Transformed(document, keys), names) == [keys[1], keys[3]]
    assert document == {"lines": [{"n": 1, "product": "Lamp"}, {"n": 2}]}


def test_a_path_is_located_and_its_missing_objects_created():
    document: dict[str, Any] = {"a": {"b": 1}, "lines": [{}, {"x": {}}]}
    assert locate(document, "name") == (document, "name")
    assert locate(document, "a.b") == ({"b": 1}, "b")
    target, name = locate(document, "lines[1].x.y")
    assert (target is document["lines"][1]["x"], name) == (True, "y")
    target, name = locate(document, "new.deep.value")
    assert (target, name) == ({}, "value")
    assert document["new"] == {"deep": {}}

    with pytest.raises(IndexError):
        locate(document, "lines[2].x")


def test_an_external_value_replaces_that_of_the_transformation():
    document = {"sku": "ours", "note": "x"}
    external = {Lookup("product", "sku", "Lamp"): "LMP-1"}
    built = build_payload(Transformed(document, (key("Lamp", "sku"),)), external)
    assert built == {"sku": "LMP-1", "note": "x"}


def test_without_an_external_value_that_of_the_transformation_remains():
    document = {"sku": "ours"}
    keys = (key("Lamp", "sku"), key("Chair", None))
    assert build_payload(Transformed(document, keys), {}) == {"sku": "ours"}


@pytest.mark.parametrize("document", [{}, {"sku": None}, {"sku": ""}])
def test_an_empty_value_without_an_external_one_is_a_problem(document):
    built = build_payload(Transformed(document, (key("Lamp", "sku"),)), {})
    what = "our product Lamp has no sku at this provider"
    assert built == Problem("sku", what, "map it, and reprocess")


def test_zero_is_not_an_empty_value():
    assert build_payload(Transformed({"sku": 0}, (key("Lamp", "sku"),)), {}) == {"sku": 0}


def test_keys_after_one_without_a_target_are_applied():
    keys = (key("Lamp", None), key("Chair", "sku"))
    external = {Lookup("product", "sku", "Chair"): "CH-1"}
    assert build_payload(Transformed({}, keys), external) == {"sku": "CH-1"}


def test_a_payload_that_cannot_be_transformed_is_a_problem():
    assert build_payload(FAILURE, {}) == Problem(
        "lines[0].sku",
        "is required (item = {'sku': None})",
        "correct the data or the transformation, and reprocess",
    )


def test_a_successful_probe_is_green_with_its_account_and_scopes():
    state = connection_state(ProbeResult("Acme", ("read",)), "shop")
    assert state == ConnectionState("green", "", "Acme", ["read"], [])


def test_a_probe_without_a_required_scope_is_red():
    state = connection_state(ProbeResult("Acme", ("read",), ("write", "admin")), "shop")
    error = "the credential lacks: write, admin. Grant them at shop and probe again"
    assert state == ConnectionState("red", error, "Acme", ["read"], ["write", "admin"])


def test_a_failed_probe_is_red_with_its_error():
    state = connection_state(ProviderUnauthorized("the token\x00was refused"), "shop")
    assert state == ConnectionState("red", "the token was refused", "", [], [])
    assert len(connection_state(ProviderRejected("x" * 3_000), "shop").error) == 2_000


@pytest.mark.parametrize(("interval", "pause"), [(60, 60.0), (1, 1.0), (None, 0.0)])
def test_after_a_successful_poll_the_next_one_is_due_after_the_interval(interval, pause):
    assert poll_pause(interval, 0, None) == pause


@pytest.mark.parametrize(
    ("interval", "failures", "pause"),
    [
        (60, 1, 60.0),
        (60, 2, 120.0),
        (60, 4, 480.0),
        (60, 5, 900.0),
        (60, 50, 900.0),
        (None, 1, 5.0),
        (None, 3, 20.0),
        (3600, 1, 900.0),
    ],
)
def test_the_pause_after_failed_polls_doubles_up_to_15_minutes(interval, failures, pause):
    assert poll_pause(interval, failures, ProviderDown("no answer")) == pause


def test_the_pause_is_never_shorter_than_the_provider_requested():
    assert poll_pause(60, 1, ProviderDown("no answer", retry_after=120)) == 120.0
    assert poll_pause(60, 3, ProviderDown("no answer", retry_after=120)) == 240.0
    assert poll_pause(60, 1, ProviderDown("no answer", retry_after=5_000)) == 5_000.0
    assert poll_pause(60, 1, ProviderRejected("refused")) == 60.0
