"""Mappings resolve external keys and our names by scope, and replay what waited for them."""

from typing import Any

import pytest
from pydantic import ValidationError
from tests.providers.fake_provider import ProviderHarness, note

from openiom.kernel import Invalid
from openiom.platform.clock import utc_now
from openiom.providers import MappingBody, resolve
from openiom.providers.mapping import MAPPING_KIND, replay_waiting_messages, resolve_external
from openiom.providers.mapping_release import waiting_messages
from openiom.providers.mapping_rules import Lookup


def mapping(value: str, internal: str, **more: Any) -> MappingBody:
    return MappingBody(table="product", field="sku", value=value, internal=internal, **more)


def product(value: str) -> Lookup:
    return Lookup("product", "sku", value)


def resolved(harness: ProviderHarness, *values: str, instance: str = "shop") -> dict[str, str]:
    with harness.database.reading() as session:
        found = resolve(session, instance, "europe", map(product, values))
    return {lookup.value: name for lookup, name in found.items()}


def external(harness: ProviderHarness, *names: str, instance: str = "shop") -> dict[str, str]:
    with harness.database.reading() as session:
        found = resolve_external(session, instance, "europe", map(product, names))
    return {lookup.value: value for lookup, value in found.items()}


def test_unmapped_keys_are_absent_and_no_keys_need_no_query(harness):
    harness.map("A", "Lamp")
    assert resolved(harness, "A", "B", "A") == {"A": "Lamp"}
    assert resolved(harness) == {}
    assert external(harness) == {}


def test_tables_and_fields_are_independent(harness):
    harness.map("A", "Lamp")
    harness.map("A", "each", table="unit", field="unit")
    lookups = [product("A"), Lookup("unit", "unit", "A"), Lookup("product", "gtin", "A")]
    with harness.database.reading() as session:
        found = resolve(session, "shop", "", lookups)
    assert found == {product("A"): "Lamp", Lookup("unit", "unit", "A"): "each"}


def test_the_narrowest_scope_applies(harness):
    harness.install()
    harness.map("A", "default")
    harness.map("A", "group", scope="group", scope_name="europe")
    harness.map("A", "other group", scope="group", scope_name="asia")
    assert resolved(harness, "A") == {"A": "group"}
    harness.map("A", "instance", scope="instance", scope_name="shop")
    assert resolved(harness, "A") == {"A": "instance"}
    assert resolved(harness, "A", instance="outlet") == {"A": "group"}


def test_an_exact_default_mapping_precedes_a_wildcard_of_the_instance(harness):
    harness.install()
    harness.map("*", "*", scope="instance", scope_name="shop")
    harness.map("A", "Lamp")
    assert resolved(harness, "A", "B") == {"A": "Lamp", "B": "B"}
    assert resolved(harness, "A", "B", instance="outlet") == {"A": "Lamp"}


def test_our_names_are_resolved_to_external_keys_by_scope(harness):
    harness.install()
    harness.map("EXT", "Lamp")
    harness.map("EXT-SHOP", "Lamp", scope="instance", scope_name="shop")
    assert external(harness, "Lamp", "Chair") == {"Lamp": "EXT-SHOP"}
    assert external(harness, "Lamp", instance="outlet") == {"Lamp": "EXT"}


def test_of_several_external_keys_the_first_one_by_value_is_used(harness):
    harness.map("EXT-2", "Lamp")
    harness.map("EXT-1", "Lamp")
    assert external(harness, "Lamp") == {"Lamp": "EXT-1"}


def test_a_wildcard_resolves_our_names_to_themselves(harness):
    harness.map("*", "*")
    harness.map("EXT", "Lamp")
    assert external(harness, "Lamp", "Chair") == {"Lamp": "EXT", "Chair": "Chair"}


def test_a_changed_mapping_replaces_the_previous_one(harness):
    harness.map("A", "Lamp")
    harness.map("A", "Chair")
    assert resolved(harness, "A") == {"A": "Chair"}
    assert harness.rows("SELECT count(*) FROM providers.id_mapping") == [(1,)]


def test_two_mappings_of_one_key_in_one_request_store_one(harness):
    body = {"table": "product", "field": "sku", "value": "A"}
    harness.create("Lamp")
    harness.apply(
        {"kind": "mapping", "name": "one", "body": {**body, "internal": "Lamp"}},
        {"kind": "mapping", "name": "two", "body": {**body, "internal": "Lamp"}},
    )
    assert harness.rows("SELECT internal FROM providers.id_mapping") == [("Lamp",)]


def waiting(harness: ProviderHarness, *mappings: MappingBody) -> list[tuple[str, bool]]:
    with harness.database.reading() as session:
        found = waiting_messages(session, mappings)
    return [(message.key, message.needs_more) for message in found]


def test_a_message_waits_once_for_all_its_keys_and_says_whether_it_needs_more(harness):
    harness.install()
    harness.store(note(1, "A", "B"), note(2, "A"))
    harness.process_inbox()

    both = [mapping("A", "Lamp"), mapping("B", "Lamp")]
    assert waiting(harness, *both) == [("1", False), ("2", False)]
    assert waiting(harness, mapping("A", "Lamp")) == [("1", True), ("2", False)]
    assert waiting(harness, mapping("*", "*")) == [("1", False), ("2", False)]
    assert waiting(harness, MappingBody(table="unit", field="unit", value="*", internal="*")) == []
    assert waiting(harness) == []


def test_a_mapping_of_another_instance_or_group_releases_nothing(harness):
    harness.install(mapping_group="europe")
    harness.store(note(1, "A"))
    harness.process_inbox()

    assert waiting(harness, mapping("A", "Lamp", scope="instance", scope_name="outlet")) == []
    assert waiting(harness, mapping("A", "Lamp", scope="group", scope_name="asia")) == []
    in_europe = mapping("A", "Lamp", scope="group", scope_name="europe")
    assert waiting(harness, in_europe) == [("1", False)]


def documents(*mappings: MappingBody) -> list[dict[str, Any]]:
    named = []
    for one in mappings:
        document = {"kind": "mapping", "name": one.document_name, "body": one.model_dump()}
        named.append(document)
    return named


def test_documents_that_map_to_no_record_are_refused_all_or_none_and_each_is_named(harness):
    harness.create("Lamp")
    pickup = MappingBody(table="warehouse", field="location", value="D2", internal="DAL")
    elsewhere = mapping("C", "Lamp", scope="instance", scope_name="outlet")
    with pytest.raises(Invalid) as refused:
        harness.apply(*documents(mapping("A", "Lamp"), mapping("B", "Lmap"), pickup, elsewhere))

    assert [(problem.where, problem.what) for problem in refused.value.problems] == [
        (
            "mapping product/default/sku=B, internal",
            'there is no product "Lmap", so messages with sku "B" would be parked again',
        ),
        (
            "mapping warehouse/default/location=D2, internal",
            'there is no source "DAL", so messages with location "D2" would be parked again',
        ),
        (
            "mapping product/instance:outlet/sku=C, scope_name",
            'there is no provider instance "outlet", so the mapping would never apply',
        ),
    ]
    assert resolved(harness, "A", "B") == {}


def test_a_record_and_its_mapping_are_applied_together_and_a_deleted_record_is_refused(harness):
    lamp = {"kind": "product", "name": "Lamp", "body": {}}
    own = documents(mapping("A", "Lamp"))
    with harness.database.reading() as session:
        changes = harness.configuration.apply(
            session, [lamp, *own], at=utc_now(), actor="tester", dry_run=True
        )
    assert [change.change for change in changes] == ["added", "added"]

    harness.create("Chair")
    with harness.database.unit_of_work() as session:
        harness.configuration.remove(session, [("product", "Chair")], at=utc_now(), actor="tester")
    with pytest.raises(Invalid, match="cannot be applied"):
        harness.apply(*documents(mapping("A", "Chair")))

    harness.apply(lamp, *own)
    assert resolved(harness, "A") == {"A": "Lamp"}


def test_a_wildcard_replays_every_message_that_waits_for_the_field(harness):
    harness.install()
    harness.store(note(1, "A"), note(2, "B"))
    harness.process_inbox()
    with harness.database.unit_of_work() as session:
        assert replay_waiting_messages(session, [mapping("C", "Crate")]) == 0
        assert replay_waiting_messages(session, [mapping("*", "*")]) == 2
    assert harness.states() == {"received": 2}


def test_the_name_of_a_document_contains_scope_and_key():
    assert mapping("A", "Lamp").document_name == "product/default/sku=A"
    own = mapping("A", "Lamp", scope="instance", scope_name="shop")
    assert own.document_name == "product/instance:shop/sku=A"


@pytest.mark.parametrize(
    ("scope", "scope_name"), [("default", "shop"), ("instance", ""), ("group", "")]
)
def test_only_instances_and_groups_have_a_name(scope, scope_name):
    with pytest.raises(ValidationError, match="scope_name names the instance or group"):
        mapping("A", "Lamp", scope=scope, scope_name=scope_name)


@pytest.mark.parametrize(("value", "internal"), [("*", "Lamp"), ("A", "*")])
def test_a_wildcard_maps_to_a_wildcard_only(value, internal):
    with pytest.raises(ValidationError, match="maps to"):
        mapping(value, internal)


def test_a_mapping_refers_to_its_instance_and_record():
    references = MAPPING_KIND.references
    assert references["provider_instance"] == ('$ ? (@.scope == "instance").scope_name',)
    assert references["source"] == ('$ ? (@.table == "warehouse").internal',)
    assert references["product"] == ('$ ? (@.table == "product").internal',)
    assert sorted(references) == [
        "account",
        "currency",
        "price_list",
        "product",
        "provider_instance",
        "source",
        "unit",
    ]
