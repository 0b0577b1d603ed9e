"""Pure graph functions over the steps of a flow: order, reach, loops, joins, segments."""

from collections.abc import Collection, Iterable, Mapping, Sequence

Edges = Mapping[str, Mapping[str, str]]
"""Step -> port -> step."""


def reachable(edges: Edges, starts: Iterable[str]) -> set[str]:
    """Return the steps that can be reached from `starts`, these included."""
    seen: set[str] = set()
    pending = list(starts)

    while pending:
        step = pending.pop()
        if step not in seen:
            seen.add(step)
            pending.extend(edges.get(step, {}).values())

    return seen


def reversed_edges(edges: Edges) -> dict[str, dict[str, str]]:
    """Return the graph with every edge reversed; the ports are the names of the steps."""
    reverse: dict[str, dict[str, str]] = {step: {} for step in edges}
    for step, ports in edges.items():
        for target in ports.values():
            reverse.setdefault(target, {})[step] = step
    return reverse


def topological_order(edges: Edges, start: str) -> list[str]:
    """Return the steps reachable from `start`, each before its successors; loops are ignored."""
    finished: list[str] = []
    seen = {start}
    stack = [(start, iter(edges.get(start, {}).values()))]

    while stack:
        step, successors = stack[-1]
        target = next(successors, None)
        if target is None:
            finished.append(step)
            stack.pop()
        elif target not in seen:
            seen.add(target)
            stack.append((target, iter(edges.get(target, {}).values())))

    return finished[::-1]


def loops(edges: Edges) -> list[list[str]]:
    """Return the groups of steps that lead back to themselves, each in the order of `edges`."""
    reach = _reach(edges)
    groups: dict[frozenset[str], list[str]] = {}
    for step in edges:
        # Two steps are in one group exactly when they reach each other, and then the same steps.
        if step in reach[step]:
            groups.setdefault(frozenset(reach[step]), []).append(step)
    return list(groups.values())


def steps_in_loops(edges: Edges) -> set[str]:
    """Return the steps that lead back to themselves."""
    reach = _reach(edges)
    return {step for step in edges if step in reach[step]}


def _reach(edges: Edges) -> dict[str, set[str]]:
    """Return, for each step, the steps that can be reached from its ports."""
    reach: dict[str, set[str]] = {}
    for step, ports in edges.items():
        reach[step] = reachable(edges, ports.values())
    return reach


def predecessors(edges: Edges, steps: Iterable[str]) -> dict[str, list[str]]:
    """Return, for each of `steps`, the other steps from which it can be reached, sorted."""
    reverse = reversed_edges(edges)
    found: dict[str, list[str]] = {}
    for step in steps:
        before = reachable(reverse, reverse.get(step, {}))
        found[step] = sorted(before - {step})
    return found


def within(edges: Edges) -> dict[str, dict[str, str]]:
    """Return the graph without the edges that lead to an unknown step."""
    unknown: set[str] = set()
    for ports in edges.values():
        unknown.update(ports.values() - edges.keys())
    return without(edges, unknown)


def without(edges: Edges, steps: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the graph without these steps and without the edges that touch them."""
    remaining: dict[str, dict[str, str]] = {}
    for step, ports in edges.items():
        if step not in steps:
            remaining[step] = _ports_not_leading_to(steps, ports)
    return remaining


def _ports_not_leading_to(steps: Collection[str], ports: Mapping[str, str]) -> dict[str, str]:
    remaining: dict[str, str] = {}
    for port, target in ports.items():
        if target not in steps:
            remaining[port] = target
    return remaining


def steps_on_several_branches(edges: Edges, splitter: str) -> set[str]:
    """Return the steps that more than one branch of a splitter can reach."""
    seen: set[str] = set()
    repeated: set[str] = set()
    for target in edges[splitter].values():
        branch = reachable(edges, [target])
        repeated |= seen & branch
        seen |= branch
    return repeated


def joins(
    edges: Edges, *, merges: Collection[str], splitters: Collection[str]
) -> dict[str, list[str]]:
    """Return, for each merge, the splitters of which it can receive more than one branch."""
    found: dict[str, list[str]] = {merge: [] for merge in merges}
    for splitter in splitters:
        for merge in steps_on_several_branches(edges, splitter) & found.keys():
            found[merge].append(splitter)
    return found


def _entries(
    edges: Edges, start: str, suspending: Collection[str], order: Sequence[str]
) -> list[str]:
    """Return the start and the steps behind each suspending step, each once."""
    entries = {start: None}
    for step in order:
        if step in suspending:
            entries.update(dict.fromkeys(edges[step].values()))
    return list(entries)


def segments(
    edges: Edges, *, start: str, suspending: Collection[str], order: list[str]
) -> list[list[str]]:
    """Return the sequences of steps that a token passes in one batch.

    They begin at the start and behind each suspending step, and end with a suspending step.
    """
    continuing = {**edges, **dict.fromkeys(suspending, {})}
    found: list[list[str]] = []
    for entry in _entries(edges, start, suspending, order):
        segment = reachable(continuing, [entry])
        found.append([step for step in order if step in segment])

    return found
