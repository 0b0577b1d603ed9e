"""The database refuses for a while, as with a full disk: rows are not blamed, and none is lost."""

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError
from tests.drills.lab_orders import assert_accounted, is_healthy, place, states, work
from tests.order_stories.conftest import Fabrikam

NUMBERS = ["D1", "D2", "D3"]
FUNCTION = """
CREATE OR REPLACE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the drill refuses' USING ERRCODE = '{sqlstate}'; END $$
"""
TRIGGER = (
    "CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse()"
)
FAULTS = {
    "disk full": errors.DiskFull.sqlstate,
    "statement timeout": errors.QueryCanceled.sqlstate,
    "read-only": errors.ReadOnlySqlTransaction.sqlstate,
    "out of memory": errors.OutOfMemory.sqlstate,
}


@pytest.mark.parametrize(
    ("fault", "table"),
    [
        ("disk full", "orders.order"),
        ("disk full", "orchestration.flow_run"),
        ("statement timeout", "orders.order"),
        ("read-only", "orders.order"),
        ("out of memory", "orchestration.flow_run"),
    ],
)
def test_orders_wait_until_the_database_accepts_them(
    fabrikam: Fabrikam, fault: str, table: str
) -> None:
    """The database raises the code of the fault where an order, or its flow run, is written."""
    place(fabrikam, NUMBERS)
    with psycopg.connect(fabrikam.application.database.url, autocommit=True) as administrator:
        administrator.execute(FUNCTION.format(sqlstate=FAULTS[fault]).encode())
        administrator.execute(TRIGGER.format(table=table).encode())
        try:
            for _ in range(2):
                with pytest.raises((DBAPIError, psycopg.Error), match="the drill refuses"):
                    work(fabrikam)

            assert states(fabrikam) == {}
            assert fabrikam.fetch("SELECT DISTINCT state FROM providers.message") == [("received",)]
            assert is_healthy(fabrikam)
        finally:
            administrator.execute(f"DROP TRIGGER refuse ON {table}".encode())

    work(fabrikam)
    assert_accounted(fabrikam, NUMBERS)
