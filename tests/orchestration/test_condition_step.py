"""Condition steps: yes, no, or a token that stops because there is no result."""

from tests.orchestration.builders import action, condition
from tests.orchestration.harness import Harness


def publish(harness: Harness, when: str) -> None:
    harness.flow(
        "choice",
        condition("choose", when, yes="y", no="n"),
        action("y", "yes", to={"succeeded": "end"}),
        action("n", "no"),
    )


def test_a_token_leaves_by_the_value_of_the_expression(harness: Harness) -> None:
    publish(harness, "country == 'US'")
    harness.place("A")
    harness.place("C", country="CA")
    harness.run()
    assert harness.ran() == {("yes", "A"): 1, ("no", "C"): 1}
    assert harness.entries("A")[0]["reason"] == "country == 'US' is true"
    assert harness.entries("C")[0]["reason"] == "country == 'US' is false"


def test_a_missing_value_is_no(harness: Harness) -> None:
    publish(harness, "source == 'seattle'")
    harness.place("A")
    harness.run()
    assert harness.ran() == {("no", "A"): 1}


def test_an_expression_without_a_result_stops_its_token_only(harness: Harness) -> None:
    publish(harness, "number == 'A' ? true : number + 1 > 2")
    harness.place("A", "B")
    harness.run()
    assert harness.positions() == {"A": ("completed",), "B": ("failed", "failed at choose")}
    error = harness.token_error()
    assert error["what"].startswith("`number == 'A' ? true : number + 1 > 2` has no result: ")
    assert error["why"] == "it read number = 'B'"


def test_a_subject_that_no_longer_exists_stops_its_token(harness: Harness) -> None:
    publish(harness, "country == 'US'")
    [deleted, _] = harness.place("A", "B")
    harness.run(harness.dispatcher)
    runs = harness.run_ids()
    harness.execute("DELETE FROM public.sample_order WHERE id = %s", deleted)
    harness.run()
    assert harness.positions() == {"B": ("completed",)}
    error = harness.token_error()
    assert (error["what"], error["remedy"]) == ("the order no longer exists", "cancel the flow run")
    assert harness.rows("SELECT run_id FROM orchestration.token") == [(runs["A"],)]


def test_the_runs_of_one_flow_are_evaluated_in_one_batch(harness: Harness) -> None:
    publish(harness, "country == 'US'")
    harness.place(*[f"N{i}" for i in range(20)])
    harness.run()
    assert harness.rows("SELECT counts FROM orchestration.step_tally") == [
        ({"choose": {"yes": 20}, "y": {"succeeded": 20}},)
    ]
