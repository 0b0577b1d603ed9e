"""Policies are stored as documents: a faulty one is refused whole, a new version is judged by at once."""

from datetime import UTC, datetime

import pytest

from openiom.kernel import Invalid, NotFound
from openiom.platform.configuration import Configuration
from openiom.policies import KINDS, Column, Row, compiled_policies, decision_table

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


def test_a_new_version_judges_from_the_next_wave_on(database, configuration):
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
