"""A splitter sends a token down every branch that matches; a merge brings them together."""

import pytest
from tests.orchestration.builders import action, condition, merge, splitter, wait
from tests.orchestration.harness import Harness

from openiom.platform.bulk import fetch

BOTH = splitter(("left", "country != ''", "l"), ("right", "country == 'US'", "r"), otherwise="l")
LEFT = action("l", "l", to={"succeeded": "merge"})


def test_a_token_passes_every_matching_branch_and_they_join_once(harness: Harness) -> None:
    harness.flow("fork", BOTH, LEFT, action("r", "r"), merge(), action("after"))
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


def test_the_history_shows_split_and_join(harness: Harness) -> None:
    harness.flow("fork", BOTH, LEFT, action("r", "r"), merge())
    harness.place("A")
    harness.run()
    steps = harness.history("A")
    assert sorted(steps) == [
        "l: succeeded",
        "merge: absorbed",
        "merge: next",
        "r: succeeded",
        "split: left, right",
    ]
    joined = [entry for entry in harness.entries("A") if entry["port"] == "next"]
    assert [entry["reason"] for entry in joined] == ["2 branches joined"]


def test_otherwise_is_used_when_no_branch_matches(harness: Harness) -> None:
    step = splitter(("mexico", "country == 'MX'", "l"), otherwise="r")
    harness.flow("fork", step, action("l", "l", to={"succeeded": "end"}), action("r", "r"))
    harness.place("A")
    harness.place("M", country="MX")
    harness.run()
    assert harness.ran() == {("r", "A"): 1, ("l", "M"): 1}


def test_without_a_matching_branch_and_otherwise_the_token_stops(harness: Harness) -> None:
    harness.flow("fork", splitter(("left", "country == 'MX'", "l")), action("l", "l"))
    harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at split")}
    error = harness.token_error()
    assert error["what"] == "no branch matches (left)"
    assert error["remedy"] == "add a branch `otherwise` to the splitter"


def test_a_branch_without_a_result_stops_the_token(harness: Harness) -> None:
    step = splitter(("left", "true", "l"), ("right", "number + 1 > 2", "l"))
    harness.flow("fork", step, action("l", "l"))
    harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("failed", "failed at split")}
    assert harness.token_error()["what"].startswith("`number + 1 > 2` has no result")


def test_all_waits_for_the_branch_that_sleeps(harness: Harness) -> None:
    harness.flow("fork", BOTH, LEFT, wait("r"), merge(), action("after", "after"))
    [order] = harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at merge", "waiting at r")}
    harness.raise_event("order.approved", order)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.ran() == {("l", "A"): 1, ("after", "A"): 1}
    assert harness.rows("SELECT count(*) FROM orchestration.token") == [(0,)]


def test_any_continues_the_first_branch_and_absorbs_the_other(harness: Harness) -> None:
    later = wait("later", "order.noted")
    harness.flow("fork", BOTH, LEFT, wait("r"), merge("any"), action("after"), later)
    [order] = harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at later", "waiting at r")}
    [(joined,)] = harness.rows("SELECT joined_splits FROM orchestration.flow_run")
    assert len(joined) == 1
    assert joined[0].startswith("merge|split:")
    harness.raise_event("order.approved", order)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at later")}
    harness.raise_event("order.noted", order)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.ran() == {("l", "A"): 1, ("count", "A"): 1}


def test_any_absorbs_branches_of_the_same_batch(harness: Harness) -> None:
    harness.flow("fork", BOTH, LEFT, action("r", "r"), merge("any"), action("after", "after"))
    harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.ran() == {("l", "A"): 1, ("r", "A"): 1, ("after", "A"): 1}
    reasons = [entry.get("reason") for entry in harness.entries("A") if entry["step"] == "merge"]
    assert sorted(reasons) == ["another branch came first", "the first branch"]


def test_a_branch_that_ends_elsewhere_does_not_block_the_merge(harness: Harness) -> None:
    fine = condition("fine", "state == 'never'", yes="merge", no="end")
    harness.flow("fork", BOTH, LEFT, wait("r"), fine, merge(), action("after", "after"))
    [order] = harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at merge", "waiting at r")}
    harness.raise_event("order.approved", order)
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.ran() == {("l", "A"): 1, ("after", "A"): 1}


def test_a_branch_that_ends_in_the_same_batch_does_not_block_the_merge(harness: Harness) -> None:
    fine = condition("r", "state == 'never'", yes="merge", no="end")
    harness.flow("fork", BOTH, LEFT, fine, merge(), action("after", "after"))
    harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.ran() == {("l", "A"): 1, ("after", "A"): 1}


def test_a_merge_behind_a_condition_inside_a_branch_closes_no_split(harness: Harness) -> None:
    inner = condition("l", "country == 'US'", yes="inner", no="inner")
    met = merge(id="inner", to={"next": "merge"})
    harness.flow("nested", BOTH, inner, met, action("r", "r"), merge(), action("after", "after"))
    harness.place("A")
    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.ran() == {("r", "A"): 1, ("after", "A"): 1}


def test_splits_can_be_nested(harness: Harness) -> None:
    inner = {
        **splitter(("x", "true", "x"), ("y", "true", "y")),
        "id": "inner",
    }
    outer = splitter(("left", "true", "inner"), ("right", "true", "r"))
    harness.flow(
        "nested",
        outer,
        inner,
        action("x", "x", to={"succeeded": "inner_merge"}),
        action("y", "y"),
        merge(id="inner_merge", to={"next": "merge"}),
        action("r", "r"),
        merge(),
        action("after", "after"),
    )
    harness.place("A", "B")
    harness.run()
    assert harness.positions() == {"A": ("completed",), "B": ("completed",)}
    names = ("x", "y", "r", "after")
    assert harness.ran() == {(name, number): 1 for name in names for number in ("A", "B")}


def test_events_that_one_branch_has_consumed_do_not_satisfy_a_wait_after_the_merge(
    harness: Harness,
) -> None:
    harness.flow("fork", BOTH, LEFT, wait("r"), merge(), wait("again"))
    [order] = harness.place("A")
    harness.run()
    harness.raise_event("order.approved", order)
    harness.run()
    assert harness.positions() == {"A": ("running", "waiting at again")}


def test_two_workers_with_the_last_two_branches_join_them_once(harness: Harness) -> None:
    """While one batch executes a flow run, the token of the other branch is left for later."""
    left = wait("l", "order.noted", to={"happened": "merge"})
    harness.flow("fork", BOTH, left, wait("r"), merge(), action("after", "after"))
    [order] = harness.place("A")
    harness.run()
    harness.raise_event("order.noted", order)
    harness.raise_event("order.approved", order)
    harness.run(harness.dispatcher)
    assert harness.positions() == {"A": ("running", "ready at l", "ready at r")}
    assert harness.steps.run_once(harness.database, limit=1, now=harness.now).rows == 1

    with harness.session() as session:
        fetch(session, "SELECT 1 FROM orchestration.flow_run FOR UPDATE")
        ran = harness.steps.run_once(harness.database, limit=10, now=harness.now)
        assert (ran.rows, ran.more) == (0, True)

    harness.run()
    assert harness.positions() == {"A": ("completed",)}
    assert harness.ran() == {("after", "A"): 1}


@pytest.mark.parametrize("crashing", ["l", "r"])
def test_a_branch_that_crashes_leaves_the_other_one_at_the_merge(
    harness: Harness, crashing: str
) -> None:
    names = {"l": "l", "r": "r", crashing: "fragile"}
    left = action("l", names["l"], to={"succeeded": "merge"})
    harness.flow("fork", BOTH, left, action("r", names["r"]), merge(), action("after"))
    harness.place("poison", "A")
    harness.run()
    assert harness.positions() == {
        "A": ("completed",),
        "poison": ("failed", f"failed at {crashing}", "waiting at merge"),
    }
