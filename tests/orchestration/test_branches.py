"""A splitter sends a token down every branch that matches; a merge brings them together again."""

import pytest
from tests.orchestration.builders import action
from tests.orchestration.harness import Harness

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


def test_a_token_goes_down_every_matching_branch_and_they_join_once(harness: Harness) -> None:
    harness.flow(
        "fork",
        BOTH,
        action("l", "l", to={"succeeded": "merge"}),
        action("r", "r"),
        merge(),
        action("after"),
    )
    harness.place("A")
    harness.place("C", country="CA")
    harness.run()
    assert harness.positions() == {"A": ("completed",), "C": ("completed",)}
    assert harness.ran() == {
        ("l", "A"): 1,
        ("r", "A"): 1,
        ("count", "A"): 1,
        ("l", "C"): 1,
        ("count", "C"): 1,
    }


def test_all_waits_for_the_branch_that_sleeps(harness: Harness) -> None:
    wait = {"id": "r", "kind": "wait", "events": ["order.approved"]}
    harness.flow(
        "fork",
        BOTH,
        action("l", "l", to={"succeeded": "merge"}),
        wait,
        merge(),
        action("after", "after"),
    )
    [order] = harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at merge", "waiting at r")}
    harness.raise_event("order.approved", order)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.ran() == {("l", "A"): 1, ("after", "A"): 1}
    assert harness.rows("SELECT count(*) FROM orchestration.token") == [(0,)]


def test_any_lets_the_first_branch_through_and_absorbs_the_other(harness: Harness) -> None:
    wait = {"id": "r", "kind": "wait", "events": ["order.approved"]}
    later = {"id": "later", "kind": "wait", "events": ["order.noted"]}
    harness.flow(
        "fork",
        BOTH,
        action("l", "l", to={"succeeded": "merge"}),
        wait,
        merge("any"),
        action("after"),
        later,
    )
    [order] = harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at later", "waiting at r")}
    harness.raise_event("order.approved", order)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at later")}
    harness.raise_event("order.noted", order)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.ran() == {("l", "A"): 1, ("count", "A"): 1}


def test_a_branch_that_ends_elsewhere_holds_nobody_up(harness: Harness) -> None:
    wait = {"id": "r", "kind": "wait", "events": ["order.approved"]}
    to = {"yes": "merge", "no": "end"}
    fine = {"id": "fine", "kind": "condition", "when": "state == 'never'", "to": to}
    harness.flow(
        "fork",
        BOTH,
        action("l", "l", to={"succeeded": "merge"}),
        wait,
        fine,
        merge(),
        action("after", "after"),
    )
    [order] = harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at merge", "waiting at r")}
    harness.raise_event("order.approved", order)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.ran() == {("l", "A"): 1, ("after", "A"): 1}


def test_a_merge_behind_a_condition_inside_a_branch_closes_no_split(harness: Harness) -> None:
    inner = {
        "id": "l",
        "kind": "condition",
        "when": "country == 'US'",
        "to": {"yes": "inner", "no": "inner"},
    }
    met = {"id": "inner", "kind": "merge", "to": {"next": "merge"}}
    harness.flow("nested", BOTH, inner, met, action("r", "r"), merge(), action("after", "after"))
    harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.ran() == {("r", "A"): 1, ("after", "A"): 1}


def test_two_workers_bringing_the_last_two_branches_at_once_join_them_once(
    harness: Harness,
) -> None:
    """While one wave moves a flow run, the other branch's token is left for later, not waited for."""
    waits = [
        {"id": name, "kind": "wait", "events": [f"order.{event}"]}
        for name, event in (("l", "noted"), ("r", "approved"))
    ]
    waits[0]["to"] = {"happened": "merge"}
    harness.flow("fork", BOTH, *waits, merge(), action("after", "after"))
    [order] = harness.place("A")
    harness.run()
    harness.raise_event("order.noted", order)
    harness.raise_event("order.approved", order)
    harness.run(harness.dispatcher)
    assert harness.positions() == {"A": ("running", "ready at l", "ready at r")}
    assert harness.steps.run_once(harness.database, limit=1, now=harness.now).rows == 1
    with harness.database.unit_of_work() as session:
        fetch(session, "SELECT 1 FROM orchestration.flow_run FOR UPDATE")
        ran = harness.steps.run_once(harness.database, limit=10, now=harness.now)
        assert (ran.rows, ran.more) == (0, True)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.ran() == {("after", "A"): 1}


def test_no_branch_and_no_otherwise_stops_the_token(harness: Harness) -> None:
    harness.flow("fork", splitter(("left", "country == 'MX'", "l")), action("l", "l"))
    harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at split")}


@pytest.mark.parametrize("crashing", ["l", "r"])
def test_a_branch_that_crashes_leaves_the_other_where_it_got(
    harness: Harness, crashing: str
) -> None:
    names = {"l": "l", "r": "r", crashing: "fragile"}
    harness.flow(
        "fork",
        BOTH,
        action("l", names["l"], to={"succeeded": "merge"}),
        action("r", names["r"]),
        merge(),
        action("after"),
    )
    harness.place("poison", "A")
    harness.run()
    assert harness.positions() == {
        "A": ("completed",),
        "poison": ("failed", f"failed at {crashing}", "waiting at merge"),
    }
