"""A splitter sends a token down every branch that matches; a merge brings them together again."""

import pytest
from tests.orchestration.toys import Toys, action

from openiom.platform.bulk import fetch


def splitter(*branches: tuple[str, str, str], otherwise: str = "") -> dict:
    step = {
        "id": "split",
        "kind": "splitter",
        "branches": [{"name": name, "when": when} for name, when, _ in branches],
        "to": {name: target for name, _, target in branches},
    }
    if otherwise:
        step |= {"otherwise": True}
        step["to"]["otherwise"] = otherwise
    return step


def merge(mode: str = "all") -> dict:
    return {"id": "merge", "kind": "merge", "mode": mode}


BOTH = splitter(("left", "country != ''", "l"), ("right", "country == 'US'", "r"), otherwise="l")


def test_a_token_goes_down_every_matching_branch_and_they_join_once(toys: Toys) -> None:
    toys.flow(
        "fork",
        BOTH,
        action("l", "l", to={"succeeded": "merge"}),
        action("r", "r"),
        merge(),
        action("after"),
    )
    toys.place("A")
    toys.place("C", country="CA")
    toys.run()
    assert toys.where() == {"A": ("completed",), "C": ("completed",)}
    assert toys.ran() == {
        ("l", "A"): 1,
        ("r", "A"): 1,
        ("count", "A"): 1,
        ("l", "C"): 1,
        ("count", "C"): 1,
    }


def test_all_waits_for_the_branch_that_sleeps(toys: Toys) -> None:
    wait = {"id": "r", "kind": "wait", "events": ["order.approved"]}
    toys.flow(
        "fork",
        BOTH,
        action("l", "l", to={"succeeded": "merge"}),
        wait,
        merge(),
        action("after", "after"),
    )
    [order] = toys.place("A")
    toys.run()
    assert toys.where() == {"A": ("running", "waiting at merge", "waiting at r")}
    toys.happen("order.approved", order)
    toys.run()
    assert toys.where() == {"A": ("completed",)}
    assert toys.ran() == {("l", "A"): 1, ("after", "A"): 1}
    assert toys.rows("SELECT count(*) FROM orchestration.token") == [(0,)]


def test_any_lets_the_first_branch_through_and_absorbs_the_other(toys: Toys) -> None:
    wait = {"id": "r", "kind": "wait", "events": ["order.approved"]}
    later = {"id": "later", "kind": "wait", "events": ["order.noted"]}
    toys.flow(
        "fork",
        BOTH,
        action("l", "l", to={"succeeded": "merge"}),
        wait,
        merge("any"),
        action("after"),
        later,
    )
    [order] = toys.place("A")
    toys.run()
    assert toys.where() == {"A": ("running", "waiting at later", "waiting at r")}
    toys.happen("order.approved", order)
    toys.run()
    assert toys.where() == {"A": ("running", "waiting at later")}
    toys.happen("order.noted", order)
    toys.run()
    assert toys.where() == {"A": ("completed",)}
    assert toys.ran() == {("l", "A"): 1, ("count", "A"): 1}


def test_a_branch_that_ends_elsewhere_holds_nobody_up(toys: Toys) -> None:
    wait = {"id": "r", "kind": "wait", "events": ["order.approved"]}
    to = {"yes": "merge", "no": "end"}
    fine = {"id": "fine", "kind": "condition", "when": "state == 'never'", "to": to}
    toys.flow(
        "fork",
        BOTH,
        action("l", "l", to={"succeeded": "merge"}),
        wait,
        fine,
        merge(),
        action("after", "after"),
    )
    [order] = toys.place("A")
    toys.run()
    assert toys.where() == {"A": ("running", "waiting at merge", "waiting at r")}
    toys.happen("order.approved", order)
    toys.run()
    assert toys.where() == {"A": ("completed",)}
    assert toys.ran() == {("l", "A"): 1, ("after", "A"): 1}


def test_a_merge_behind_a_condition_inside_a_branch_closes_no_split(toys: Toys) -> None:
    inner = {
        "id": "l",
        "kind": "condition",
        "when": "country == 'US'",
        "to": {"yes": "inner", "no": "inner"},
    }
    met = {"id": "inner", "kind": "merge", "to": {"next": "merge"}}
    toys.flow("nested", BOTH, inner, met, action("r", "r"), merge(), action("after", "after"))
    toys.place("A")
    toys.run()
    assert toys.where() == {"A": ("completed",)}
    assert toys.ran() == {("r", "A"): 1, ("after", "A"): 1}


def test_two_workers_bringing_the_last_two_branches_at_once_join_them_once(toys: Toys) -> None:
    """While one wave moves a flow run, the other branch's token is left for later, not waited for."""
    waits = [
        {"id": name, "kind": "wait", "events": [f"order.{event}"]}
        for name, event in (("l", "noted"), ("r", "approved"))
    ]
    waits[0]["to"] = {"happened": "merge"}
    toys.flow("fork", BOTH, *waits, merge(), action("after", "after"))
    [order] = toys.place("A")
    toys.run()
    toys.happen("order.noted", order)
    toys.happen("order.approved", order)
    toys.run(toys.dispatcher)
    assert toys.where() == {"A": ("running", "ready at l", "ready at r")}
    assert toys.steps.run_once(toys.database, limit=1, now=toys.now).rows == 1
    with toys.database.unit_of_work() as session:
        fetch(session, "SELECT 1 FROM orchestration.flow_run FOR UPDATE")
        ran = toys.steps.run_once(toys.database, limit=10, now=toys.now)
        assert (ran.rows, ran.more) == (0, True)
    toys.run()
    assert toys.where() == {"A": ("completed",)}
    assert toys.ran() == {("after", "A"): 1}


def test_no_branch_and_no_otherwise_stops_the_token(toys: Toys) -> None:
    toys.flow("fork", splitter(("left", "country == 'MX'", "l")), action("l", "l"))
    toys.place("A")
    toys.run()
    assert toys.where() == {"A": ("failed", "failed at split")}


@pytest.mark.parametrize("crashing", ["l", "r"])
def test_a_branch_that_crashes_leaves_the_other_where_it_got(toys: Toys, crashing: str) -> None:
    names = {"l": "l", "r": "r", crashing: "fragile"}
    toys.flow(
        "fork",
        BOTH,
        action("l", names["l"], to={"succeeded": "merge"}),
        action("r", names["r"]),
        merge(),
        action("after"),
    )
    toys.place("poison", "A")
    toys.run()
    assert toys.where() == {
        "A": ("completed",),
        "poison": ("failed", f"failed at {crashing}", "waiting at merge"),
    }
