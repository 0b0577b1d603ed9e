"""Builders of flow documents and policies."""

from collections.abc import Sequence
from typing import Any

from openiom.policies import Column, ComputedValue, Row, decision_table

SEND = {
    "id": "send",
    "kind": "provider_action",
    "instance": "east",
    "action": "send",
    "for_each": "item",
}
NOTIFY = {"id": "notify", "kind": "provider_action", "instance": "east", "action": "notify"}

_FIRST_PORTS = {
    "policies": "passed",
    "action": "succeeded",
    "provider_action": "succeeded",
    "wait": "happened",
}
_WIRED_BY_HAND = ("condition", "splitter", "end")


def chain(steps: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A start, the steps and an end; a first port that is not wired leads to the next step."""
    every = [{"id": "start", "kind": "start"}, *steps, {"id": "end", "kind": "end"}]
    chained = []
    for position, step in enumerate(every):
        to = dict(step.get("to", {}))
        if step["kind"] not in _WIRED_BY_HAND:
            port = _FIRST_PORTS.get(step["kind"], "next")
            to.setdefault(port, every[position + 1]["id"])

        chained.append({**step, "to": to})

    return chained


def flow_body(*steps: dict[str, Any], event: str = "order.created", **more: Any) -> dict[str, Any]:
    """The body of a flow about orders."""
    trigger = {"event": event, **more.pop("trigger", {})}
    return {
        "title": "Test",
        "subject": "order",
        "trigger": trigger,
        "steps": chain(steps),
        **more,
    }


def action(id: str, name: str = "count", **more: Any) -> dict[str, Any]:
    """A step that counts orders under `name`."""
    parameters = {"name": name}
    return {
        "id": id,
        "kind": "action",
        "action": "sample.count",
        "parameters": parameters,
        **more,
    }


def wait(id: str = "wait", *events: str, **more: Any) -> dict[str, Any]:
    """A step that waits for events, by default for order.approved."""
    return {"id": id, "kind": "wait", "events": list(events) or ["order.approved"], **more}


def condition(id: str, when: str, *, yes: str, no: str) -> dict[str, Any]:
    """A condition step."""
    return {"id": id, "kind": "condition", "when": when, "to": {"yes": yes, "no": no}}


def splitter(*branches: tuple[str, str, str], otherwise: str = "") -> dict[str, Any]:
    """A splitter `split` of (name, when, target) branches."""
    to = {name: target for name, _, target in branches}
    step: dict[str, Any] = {
        "id": "split",
        "kind": "splitter",
        "branches": [{"name": name, "when": when} for name, when, _ in branches],
        "to": to,
    }
    if otherwise:
        step["otherwise"] = True
        to["otherwise"] = otherwise

    return step


def merge(mode: str = "all", id: str = "merge", **more: Any) -> dict[str, Any]:
    """A merge step."""
    return {"id": id, "kind": "merge", "mode": mode, **more}


def policy_body(
    name: str,
    *,
    rows: Sequence[Row],
    column: Column | None = None,
    otherwise: Row | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The body of a policy with one column, by default an execution policy over orders."""
    column = column or Column(name="Country", field="country")
    return {
        "name": name,
        "type": "execution",
        "entity": "order",
        "content": decision_table(columns=[column], rows=rows, otherwise=otherwise),
        **more,
    }


ONLY_US = policy_body(
    "only_us",
    rows=[Row(when={"Country": "'US'"}, outcome="pass")],
    otherwise=Row(outcome="fail", reason=ComputedValue(formula="'not to ' + country")),
)
