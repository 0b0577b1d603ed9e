"""Graph functions over flows of any shape, compared with plain references."""

from hypothesis import given
from hypothesis import strategies as st

from openiom.orchestration import graph

STEPS = "abcde"
TARGETS = st.dictionaries(st.sampled_from("123"), st.sampled_from(STEPS), max_size=3)
GRAPHS = st.tuples(*[TARGETS] * len(STEPS)).map(lambda ports: dict(zip(STEPS, ports, strict=True)))
SOME_STEPS = st.lists(st.sampled_from(STEPS), unique=True)

Drawn = dict[str, dict[str, str]]


def paths(edges: Drawn) -> set[tuple[str, str]]:
    """Return the pairs of steps of which one leads to the other, by repeated joining."""
    pairs: set[tuple[str, str]] = set()
    for step, ports in edges.items():
        for target in ports.values():
            pairs.add((step, target))

    while True:
        longer = set(pairs)
        for first, middle in pairs:
            for start, last in pairs:
                if start == middle:
                    longer.add((first, last))

        if longer == pairs:
            return pairs

        pairs = longer


@given(edges=GRAPHS, starts=SOME_STEPS)
def test_a_step_is_reached_by_a_path_from_a_start(edges: Drawn, starts: list[str]) -> None:
    pairs = paths(edges)
    by_path = {step for step in STEPS for start in starts if (start, step) in pairs}

    assert graph.reachable(edges, starts) == by_path | set(starts)


@given(edges=GRAPHS)
def test_reversing_turns_every_path_around(edges: Drawn) -> None:
    turned = {(last, first) for first, last in paths(edges)}

    assert paths(graph.reversed_edges(edges)) == turned


@given(edges=GRAPHS)
def test_the_steps_of_a_loop_lead_to_each_other(edges: Drawn) -> None:
    pairs = paths(edges)
    groups = graph.loops(edges)
    group_of = {step: number for number, group in enumerate(groups) for step in group}

    assert set(group_of) == {step for step in STEPS if (step, step) in pairs}
    assert graph.steps_in_loops(edges) == set(group_of)

    for first in group_of:
        for second in group_of:
            lead_to_each_other = (first, second) in pairs and (second, first) in pairs
            assert (group_of[first] == group_of[second]) is lead_to_each_other

    for group in groups:
        assert group == sorted(group), "in the order of the graph"


@given(edges=GRAPHS, start=st.sampled_from(STEPS))
def test_the_order_contains_each_step_that_is_reached_once(edges: Drawn, start: str) -> None:
    order = graph.topological_order(edges, start)

    assert order[0] == start
    assert sorted(order) == sorted(graph.reachable(edges, [start]))


@given(edges=GRAPHS)
def test_without_loops_the_order_respects_every_path(edges: Drawn) -> None:
    forward: Drawn = {}
    for step, ports in edges.items():
        forward[step] = {port: target for port, target in ports.items() if target > step}

    order = graph.topological_order(forward, "a")

    positions = {step: position for position, step in enumerate(order)}

    for first, last in paths(forward):
        if first in positions:
            assert positions[first] < positions[last]


@given(edges=GRAPHS, steps=SOME_STEPS)
def test_predecessors_are_all_other_steps_with_a_path(edges: Drawn, steps: list[str]) -> None:
    pairs = paths(edges)
    found = graph.predecessors(edges, steps)

    assert list(found) == steps
    for step in steps:
        before = [other for other in STEPS if (other, step) in pairs and other != step]
        assert found[step] == before


@given(edges=GRAPHS, steps=SOME_STEPS)
def test_steps_are_removed_with_their_edges(edges: Drawn, steps: list[str]) -> None:
    remaining = graph.without(edges, steps)

    assert list(remaining) == [step for step in STEPS if step not in steps]
    for step, ports in edges.items():
        for port, target in ports.items():
            is_kept = step in remaining and target in remaining
            assert (remaining.get(step, {}).get(port) == target) is is_kept


@given(edges=GRAPHS, splitter=st.sampled_from(STEPS), merges=SOME_STEPS)
def test_a_merge_joins_a_splitter_of_which_two_ports_lead_to_it(
    edges: Drawn, splitter: str, merges: list[str]
) -> None:
    found = graph.joins(edges, merges=merges, splitters=[splitter])

    assert list(found) == merges

    for merge in merges:
        ports = 0
        for target in edges[splitter].values():
            if merge in graph.reachable(edges, [target]):
                ports += 1

        assert found[merge] == ([splitter] if ports > 1 else [])


@given(edges=GRAPHS, suspending=SOME_STEPS)
def test_segments_end_at_suspending_steps(edges: Drawn, suspending: list[str]) -> None:
    order = graph.topological_order(edges, "a")
    found = graph.segments(edges, start="a", suspending=suspending, order=order)

    entries = ["a"]
    for step in order:
        if step in suspending:
            entries.extend(edges[step].values())

    assert len(found) == len(set(entries))
    continuing = {step: {} if step in suspending else ports for step, ports in edges.items()}

    for entry, segment in zip(dict.fromkeys(entries), found, strict=True):
        assert set(segment) == graph.reachable(continuing, [entry])
        assert segment == [step for step in order if step in segment]


def test_a_segment_that_is_entered_twice_is_listed_once() -> None:
    edges = {"a": {"next": "b"}, "b": {"1": "c", "2": "c"}, "c": {}}

    found = graph.segments(edges, start="a", suspending=["b"], order=["a", "b", "c"])

    assert found == [["a", "b"], ["c"]]


def test_edges_to_an_unknown_step_are_dropped_and_its_splitter_joins_nothing_there() -> None:
    edges = {"a": {"1": "b", "2": "lost"}, "b": {}}

    assert graph.within(edges) == {"a": {"1": "b"}, "b": {}}
    assert graph.joins(edges, merges=["b"], splitters=["a"]) == {"b": []}
    assert graph.joins(edges, merges=["b"], splitters=[]) == {"b": []}
