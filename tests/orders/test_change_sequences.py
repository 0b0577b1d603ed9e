"""Random lives of many orders at once; `scripts.check_order_changes` runs more of them."""

import os
import sys

from tests.fulfillment.builders import broken_invariants
from tests.orders.change_sequences import run_lives

from openiom.platform.database import Database

SEQUENCES = int(os.environ.get("CHANGE_SEQUENCES", "9"))
SEED = int(os.environ.get("CHANGE_SEED", "7"))
STEPS = int(os.environ.get("CHANGE_STEPS", "20"))


def test_units_and_money_add_up_at_every_step(database: Database) -> None:
    lives = run_lives(database, sequences=SEQUENCES, steps=STEPS, seed=SEED)

    steps = sum(life.steps for life in lives)
    applied = sum(life.applied for life in lives)
    undone = sum(life.undone for life in lives)
    refused = sum(life.refused for life in lives)
    figures = f"{applied} changes, {undone} undone, {refused} refused"
    sys.stdout.write(f"{len(lives)} orders, {steps} steps: {figures}\n")
    assert applied > len(lives)
    assert undone > 0
    # Units ship here without a fulfillment order, which one invariant does not expect.
    assert set(broken_invariants(database)) <= {"shipped_adds_up.sql"}
