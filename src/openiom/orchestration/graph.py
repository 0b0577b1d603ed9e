"""What a flow's shape tells, pure: order, reach, loops, which merge closes which splitter, segments."""

from collections.abc import Collection, Iterable, Mapping

Edges = Mapping[str, Mapping[str, str]]  # step -> port -> step


def reachable(edges: Edges, starts: Iterable[str]) -> set[str]:
    """Steps one can get to from `starts`, these included."""
    seen: set[str] = set()
    todo = list(starts)
    while todo:
        step = todo.pop()
        if step not in seen:
            seen.add(step)
            todo += edges.get(step, {}).values()
    return seen


def backwards(edges: Edges) -> dict[str, dict[str, str]]:
    """The same graph with every edge turned round."""
    turned: dict[str, dict[str, str]] = {step: {} for step in edges}
    for step, ports in edges.items():
        for target in ports.values():
            turned.setdefault(target, {})[step] = step
    return turned


def in_order(edges: Edges, start: str) -> list[str]:
    """Steps reachable from `start` so that a step stands before those behind it, loops aside."""
    order: list[str] = []
    seen = {start}
    stack = [(start, iter(edges.get(start, {}).values()))]
    while stack:
        step, following = stack[-1]
        target = next(following, None)
        if target is None:
            order.append(step)
            stack.pop()
        elif target not in seen:
            seen.add(target)
            stack.append((target, iter(edges.get(target, {}).values())))
    return order[::-1]


def loops(edges: Edges) -> list[list[str]]:
    """Groups of steps that lead back to themselves."""
    reach = {step: reachable(edges, edges.get(step, {}).values()) for step in edges}
    groups: list[list[str]] = []
    for step in edges:
        if step in reach[step] and not any(step in group for group in groups):
            groups.append(
                [other for other in edges if other in reach[step] and step in reach[other]]
            )
    return groups


def without(edges: Edges, steps: Collection[str]) -> dict[str, dict[str, str]]:
    """The graph with these steps, and the edges that touch them, taken out."""
    return {
        step: {port: target for port, target in ports.items() if target not in steps}
        for step, ports in edges.items()
        if step not in steps
    }


def joins(
    edges: Edges, *, merges: Collection[str], splitters: Collection[str]
) -> dict[str, list[str]]:
    """For each merge, the splitters of which it can receive more than one branch."""
    found: dict[str, list[str]] = {merge: [] for merge in merges}
    for splitter in splitters:
        branches = [reachable(edges, [target]) for target in edges[splitter].values()]
        for merge in merges:
            if sum(merge in branch for branch in branches) > 1:
                found[merge].append(splitter)
    return found


def segments(
    edges: Edges, *, start: str, rests: Collection[str], order: list[str]
) -> list[list[str]]:
    """Runs of steps one wave carries a token through: from the start, and from behind each step where it rests."""
    entries = [
        start,
        *(target for step in order if step in rests for target in edges[step].values()),
    ]
    found: list[list[str]] = []
    for entry in dict.fromkeys(entries):
        seen: set[str] = set()
        todo = [entry]
        while todo:
            step = todo.pop()
            if step not in seen:
                seen.add(step)
                todo += [] if step in rests else edges.get(step, {}).values()
        found.append([step for step in order if step in seen])
    return found
