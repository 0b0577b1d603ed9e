"""Graph functions over small flows, drawn as `{step: "steps it leads to"}`."""

import pytest

from openiom.orchestration import graph


def edges(drawing: dict[str, str]) -> dict[str, dict[str, str]]:
    """`{"a": "b c"}`: step a leads to b by port b and to c by port c."""
    drawn = {}
    for step, targets in drawing.items():
        names = targets.split()
        drawn[step] = dict(zip(names, names, strict=True))
    return drawn


LINE = edges({"a": "b", "b": "c", "c": ""})
FORK = edges({"a": "b c", "b": "d", "c": "d", "d": ""})
LOOP = edges({"a": "b", "b": "c", "c": "b d", "d": ""})


@pytest.mark.parametrize(
    ("drawn", "starts", "expected"),
    [
        (LINE, ["a"], {"a", "b", "c"}),
        (LINE, ["b"], {"b", "c"}),
        (LINE, [], set()),
        (LINE, ["a", "c"], {"a", "b", "c"}),
        (FORK, ["c"], {"c", "d"}),
        (LOOP, ["c"], {"b", "c", "d"}),
        (LINE, ["unknown"], {"unknown"}),
    ],
)
def test_reachable_includes_the_starts(drawn, starts, expected):
    assert graph.reachable(drawn, starts) == expected


def test_reversed_edges_lead_back_and_keep_steps_without_edges():
    assert graph.reversed_edges(FORK) == {
        "a": {},
        "b": {"a": "a"},
        "c": {"a": "a"},
        "d": {"b": "b", "c": "c"},
    }


@pytest.mark.parametrize(
    ("drawn", "start", "expected"),
    [
        (LINE, "a", ["a", "b", "c"]),
        (LINE, "b", ["b", "c"]),
        (LOOP, "a", ["a", "b", "c", "d"]),
        (edges({"a": "c b", "b": "c", "c": ""}), "a", ["a", "b", "c"]),
    ],
)
def test_each_step_comes_before_its_successors(drawn, start, expected):
    assert graph.topological_order(drawn, start) == expected


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (LINE, []),
        (LOOP, [["b", "c"]]),
        (edges({"a": "a"}), [["a"]]),
        (edges({"a": "b", "b": "a", "c": "d", "d": "c"}), [["a", "b"], ["c", "d"]]),
        (edges({"a": "b", "b": "a c", "c": "d", "d": "c"}), [["a", "b"], ["c", "d"]]),
    ],
)
def test_loops_are_groups_of_steps_that_lead_to_each_other(drawn, expected):
    assert graph.loops(drawn) == expected
    assert graph.steps_in_loops(drawn) == {step for group in expected for step in group}


def test_steps_can_be_taken_out_with_the_edges_that_touch_them():
    assert graph.without(LOOP, {"c"}) == {"a": {"b": "b"}, "b": {}, "d": {}}
    assert graph.without(LINE, set()) == LINE


def test_edges_to_unknown_steps_can_be_dropped():
    assert graph.within(edges({"a": "b nowhere", "b": ""})) == {"a": {"b": "b"}, "b": {}}


def test_predecessors_are_all_steps_before_a_step_but_not_the_step_itself():
    assert graph.predecessors(FORK, ["d", "a"]) == {"d": ["a", "b", "c"], "a": []}
    assert graph.predecessors(LOOP, ["b"]) == {"b": ["a", "c"]}


NESTED = edges(
    {
        "outer": "left right",
        "left": "inner",
        "inner": "x y",
        "x": "inner_merge",
        "y": "inner_merge",
        "inner_merge": "outer_merge",
        "right": "outer_merge",
        "outer_merge": "",
    }
)


def test_a_merge_joins_the_splitters_of_which_it_receives_several_branches():
    found = graph.joins(NESTED, merges=["inner_merge", "outer_merge"], splitters=["outer", "inner"])
    assert found == {"inner_merge": ["inner"], "outer_merge": ["outer", "inner"]}


def test_a_merge_on_one_branch_joins_nothing():
    drawn = edges({"split": "a b", "a": "merge", "b": "", "merge": ""})
    assert graph.joins(drawn, merges=["merge"], splitters=["split"]) == {"merge": []}


def test_steps_behind_several_branches_of_a_splitter_can_be_visited_more_than_once():
    assert graph.steps_on_several_branches(NESTED, "outer") == {"outer_merge"}
    assert graph.steps_on_several_branches(NESTED, "inner") == {"inner_merge", "outer_merge"}


@pytest.mark.parametrize(
    ("drawn", "suspending", "expected"),
    [
        (LINE, [], [["a", "b", "c"]]),
        (LINE, ["b"], [["a", "b"], ["c"]]),
        (FORK, ["b"], [["a", "c", "b", "d"], ["d"]]),
        (LOOP, ["c"], [["a", "b", "c"], ["b", "c"], ["d"]]),
        (LINE, ["a", "b"], [["a"], ["b"], ["c"]]),
    ],
)
def test_a_segment_ends_where_tokens_can_wait(drawn, suspending, expected):
    order = graph.topological_order(drawn, "a")
    assert graph.segments(drawn, start="a", suspending=suspending, order=order) == expected
