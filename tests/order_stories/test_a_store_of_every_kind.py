"""A generated store, changed at random while orders flow, against an independent model of it.

The command `python -m scripts.check_store_orders` runs the same with 2,000 orders.
"""

import os

from tests.order_stories.conftest import Fabrikam
from tests.order_stories.store_model import run_store

from openiom.app.invariants import check_invariants

ORDERS = int(os.environ.get("STORE_ORDERS", "60"))
SEED = int(os.environ.get("STORE_SEED", "7"))


def test_what_is_shipped_equals_the_model_order_by_order(fabrikam: Fabrikam) -> None:
    differences = run_store(fabrikam, orders=ORDERS, rounds=4, seed=SEED)
    assert differences == []
    assert [c.name for c in check_invariants(fabrikam.application.database) if c.violations] == []
