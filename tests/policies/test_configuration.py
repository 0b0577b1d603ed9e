"""Policies are documents: a faulty one is refused, a new version applies at once."""

from datetime import UTC, datetime

import pytest

from openiom.kernel import Invalid, NotFound
from openiom.platform.configuration import Configuration
from openiom.policies import (
    KINDS,
    Column,
    Row,
    compiled_policies,
    decision_table,
    policies_in_use,
    read_table,
)
from openiom.policies.configuration import find_references

AT = datetime(2026, 3, 1, tzinfo=UTC)


def body(cell, name="big"):
    columns = [Column(name="Quantity", field="quantity")]
    content = decision_table(columns=columns, rows=[Row(when={"Quantity": cell})])
    return {"name": name, "type": "execution", "entity": "order_line", "content": content}


@pytest.fixture
def configuration():
    made = Configuration()
    made.register(*KINDS)
    return made


def apply(database, configuration, document, name="big"):
    with database.unit_of_work() as session:
        configuration.apply(
            session, [{"kind": "policy", "name": name, "body": document}], at=AT, actor="ada"
        )


def judge(database):
    with database.reading() as session:
        return compiled_policies(session, ["big"])["big"].evaluate([{"quantity": 7}])[0].passed


def test_a_new_version_applies_from_the_next_batch_on(database, configuration):
    apply(database, configuration, body(">= 5"))
    assert judge(database)

    apply(database, configuration, body(">= 8"))
    assert not judge(database)


def test_a_policy_is_compiled_once_per_version(database, configuration):
    apply(database, configuration, body(">= 5"))
    with database.reading() as session:
        assert (
            compiled_policies(session, ["big"])["big"] is compiled_policies(session, {"big"})["big"]
        )


def test_a_faulty_policy_is_refused_with_row_and_column_and_nothing_is_stored(
    database, configuration
):
    with pytest.raises(Invalid, match="row 1, column Quantity"):
        apply(database, configuration, body("> >"))

    with database.reading() as session, pytest.raises(NotFound, match="no policy named big"):
        compiled_policies(session, ["big"])


def test_the_body_carries_the_documents_name(database, configuration):
    with pytest.raises(Invalid, match="the body says .other."):
        apply(database, configuration, body("> 1", name="other"))


def test_all_missing_policies_are_named(database, configuration):
    apply(database, configuration, body("> 1"))
    with database.reading() as session, pytest.raises(NotFound, match="no policy named a, c"):
        compiled_policies(session, ["c", "big", "a"])


def test_no_policies_are_none(database):
    with database.reading() as session:
        assert compiled_policies(session, []) == {}


def references(*columns, rows):
    content = decision_table(columns=columns, rows=rows)
    return list(find_references({"content": content}))


def test_literals_that_are_compared_with_a_source_name_sources():
    rows = [
        Row(when={"From": "'seattle', \"chicago\""}),
        Row(when={"From": "!= null"}),
        Row(when={"Other": "'red'"}),
    ]
    columns = [Column(name="From", field="line.source"), Column(name="Other", field="color")]
    assert references(*columns, rows=rows) == [
        ("source", "seattle", "row 1, From"),
        ("source", "chicago", "row 1, From"),
    ]


@pytest.mark.parametrize("kind", ["source", "strategy", "account", "price_list"])
def test_literals_that_are_set_name_documents(kind):
    rows = [Row(set={kind: "web", "color": "red"})]
    assert references(Column(name="A", field="a"), rows=rows) == [
        (kind, "web", f"row 1, set.{kind}")
    ]


def test_policies_in_use_are_the_current_versions(database, configuration):
    apply(database, configuration, body(">= 5"))
    apply(database, configuration, body(">= 8"))
    with database.reading() as session:
        found = policies_in_use(session)
    assert list(found) == ["big"]
    assert read_table(found["big"].content).rows[0].when == {"Quantity": ">= 8"}
