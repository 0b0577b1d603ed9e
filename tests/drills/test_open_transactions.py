"""An open transaction, here or in another database of the server, delays no order."""

from uuid import uuid4

import psycopg
import pytest
from tests.drills.lab_orders import assert_accounted, place, work
from tests.order_stories.conftest import Fabrikam

from openiom.platform.embedded import ensure_database
from openiom.platform.events import consumer_lags

NUMBERS = ["T1", "T2", "T3"]


@pytest.mark.parametrize("elsewhere", [True, False], ids=["another database", "this database"])
def test_orders_flow_beside_an_open_transaction(fabrikam: Fabrikam, elsewhere: bool) -> None:
    url = fabrikam.application.database.url
    name = f"openiom_other_{uuid4().hex[:8]}"
    other = ensure_database(url, name) if elsewhere else url
    with psycopg.connect(other) as idle:
        idle.execute("CREATE TABLE public.left_open (n int)")
        place(fabrikam, NUMBERS)
        work(fabrikam)

        assert_accounted(fabrikam, NUMBERS)
        with fabrikam.application.database.reading() as session:
            assert {lag.seconds for lag in consumer_lags(session)} == {0}

        idle.rollback()

    if elsewhere:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
