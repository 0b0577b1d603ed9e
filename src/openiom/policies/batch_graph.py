"""The graph that the engine runs: a policy's conditions over a list of records."""

from collections.abc import Mapping, Sequence
from typing import Any

from .tables import Column

_POSITION = {"x": 0, "y": 0}


def batch_graph(
    table: Mapping[str, Any], columns: Sequence[Column], cells: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """Return the graph the engine runs: the same conditions over a list of records.

    `cells` are the condition cells of each row, in the order of `columns`. The graph answers row
    numbers only, because the engine silently skips a row whose output cannot be computed; results
    are computed by `CompiledPolicy`.
    """
    ids = [column["id"] for column in table["inputs"]]
    content = {
        "hitPolicy": table.get("hitPolicy", "first"),
        "inputs": _inputs(ids, columns),
        "outputs": [{"id": "row", "name": "row", "field": "row"}],
        "rules": _rules(ids, cells),
        "executionMode": "loop",
        "inputField": "records",
        "outputPath": "rows",
        "passThrough": False,
    }
    return {
        "nodes": [
            {"id": "input", "type": "inputNode", "name": "input", "position": _POSITION},
            {
                "id": "table",
                "type": "decisionTableNode",
                "name": "table",
                "content": content,
                "position": _POSITION,
            },
            {"id": "output", "type": "outputNode", "name": "output", "position": _POSITION},
        ],
        "edges": [
            {"id": "e1", "type": "edge", "sourceId": "input", "targetId": "table"},
            {"id": "e2", "type": "edge", "sourceId": "table", "targetId": "output"},
        ],
    }


def _inputs(ids: Sequence[str], columns: Sequence[Column]) -> list[dict[str, str]]:
    inputs = []
    for id, column in zip(ids, columns, strict=True):
        inputs.append({"id": id, "name": column.name, "field": column.field})
    return inputs


def _rules(ids: Sequence[str], cells: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """Return one rule per row; its output is its own number."""
    rules = []
    for number, texts in enumerate(cells):
        rule = {"_id": f"r{number}", "row": str(number)}
        rule.update(zip(ids, texts, strict=True))
        rules.append(rule)
    return rules
