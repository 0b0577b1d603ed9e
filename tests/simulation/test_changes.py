"""The documents that the changes of a scenario make, and why changes are refused."""

from typing import Any

import pytest

from openiom.kernel import Invalid
from openiom.simulation.changes import changed_documents
from openiom.simulation.request import ScenarioChanges

SEATTLE = {"city": "Seattle", "state": "WA", "postal_code": "98101", "country": "US"}
NEAR = {"title": "Near", "type": "maximum_distance", "entries": [{"distance": 500}]}
BODIES: dict[str, dict[str, dict[str, Any]]] = {
    "source": {
        "SEA": {"title": "Seattle", "address": SEATTLE},
        "OFF": {"title": "Off", "address": SEATTLE, "active": False},
    },
    "source_list": {"west": {"title": "West", "sources": ["SEA"]}},
    "constraint": {"near": NEAR},
    "strategy": {
        "plain": {"title": "Plain", "is_default": True, "weights": {"split": 4.0, "parcel": 6.0}},
        "west": {"title": "West", "source_list": "west", "constraints": ["near"]},
    },
}


def documents(baseline: str = "", /, **changes: Any) -> list[tuple[str, str, dict[str, Any]]]:
    found = changed_documents(BODIES, ScenarioChanges.model_validate(changes), strategy=baseline)
    return [(d["kind"], d["name"], d["body"]) for d in found.documents]


def problems(baseline: str = "", /, **changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        documents(baseline, **changes)
    return [(problem.where, problem.what) for problem in refused.value.problems]


def test_no_change_changes_no_document() -> None:
    found = changed_documents(BODIES, ScenarioChanges(), strategy="")
    assert (found.documents, found.strategy) == ((), "plain")
    assert found.over(BODIES) == BODIES


@pytest.mark.parametrize(
    ("strategy", "changes", "name"),
    [
        ("", {}, "plain"),
        ("west", {}, "west"),
        ("west", {"strategy": {"name": "plain"}}, "plain"),
        ("west", {"strategy": {"body": {"title": "W"}}}, "west"),
    ],
)
def test_the_strategy_is_the_named_one_else_that_of_the_baseline(
    strategy: str, changes: dict[str, Any], name: str
) -> None:
    found = changed_documents(BODIES, ScenarioChanges.model_validate(changes), strategy=strategy)
    assert found.strategy == name


def test_without_a_strategy_document_the_built_in_one_is_changed() -> None:
    changes = ScenarioChanges.model_validate({"strategy": {"body": {"allow_partial": True}}})
    found = changed_documents({"source": BODIES["source"]}, changes, strategy="")
    [document] = found.documents
    assert (document["kind"], document["name"], found.strategy) == (
        "strategy",
        "default",
        "default",
    )
    assert document["body"]["allow_partial"] is True
    assert document["body"]["title"] == "Lowest cost from any active source"


def test_a_closed_source_is_inactive_and_one_that_was_inactive_is_unchanged() -> None:
    assert documents(closed_sources=["SEA", "OFF"]) == [
        ("source", "SEA", {"title": "Seattle", "address": SEATTLE, "active": False})
    ]


def test_a_new_source_joins_the_list_of_the_strategy() -> None:
    body = {"title": "New", "address": SEATTLE}
    new = [{"name": "NEW", "body": body}]
    assert documents(new_sources=new) == [("source", "NEW", body)]
    assert documents("west", new_sources=new) == [
        ("source", "NEW", body),
        ("source_list", "west", {"title": "West", "sources": ["SEA", "NEW"]}),
    ]


def test_fields_of_the_strategy_are_replaced_and_objects_merged() -> None:
    patch = {"weights": {"split": 9.0}, "title": "Changed"}
    [(kind, name, body)] = documents("", strategy={"body": patch})
    assert (kind, name) == ("strategy", "plain")
    assert body == {
        "title": "Changed",
        "is_default": True,
        "weights": {"split": 9.0, "parcel": 6.0},
    }


@pytest.mark.parametrize(
    ("strategy", "constraints", "expected"),
    [
        ("plain", [{"name": "far", "body": NEAR}], ["far"]),
        ("west", [{"name": "far", "body": NEAR}], ["near", "far"]),
        ("west", [{"name": "near", "body": NEAR}], None),
        ("west", [{"name": "near"}], []),
        ("west", [{"name": "near"}, {"name": "near", "body": NEAR}], None),
    ],
)
def test_constraints_are_attached_and_detached(
    strategy: str, constraints: list[dict[str, Any]], expected: list[str] | None
) -> None:
    bodies = {(k, n): b for k, n, b in documents(strategy, constraints=constraints)}
    changed = bodies.pop(("strategy", strategy), None)
    assert (changed["constraints"] if changed else None) == expected
    written = {c["name"] for c in constraints if "body" in c}
    assert {name for _, name in bodies} == written


def test_changed_documents_replace_current_ones() -> None:
    found = changed_documents(
        BODIES, ScenarioChanges.model_validate({"closed_sources": ["SEA"]}), strategy=""
    )
    merged = found.over(BODIES)
    assert merged["source"]["SEA"]["active"] is False
    assert merged["source"]["OFF"] == BODIES["source"]["OFF"]
    assert "active" not in BODIES["source"]["SEA"]
    assert found.over({})["source"]["SEA"]["active"] is False


@pytest.mark.parametrize(
    ("strategy", "changes", "expected"),
    [
        (
            "",
            {"closed_sources": ["SEA", "XXX"]},
            [("changes.closed_sources.1", "no source named XXX")],
        ),
        (
            "",
            {"new_sources": [{"name": "SEA", "body": {"title": "x", "address": SEATTLE}}]},
            [("changes.new_sources.0.name", "there is a source named SEA")],
        ),
        (
            "",
            {
                "new_sources": [
                    {"name": "NEW", "body": {"title": "x", "address": SEATTLE}},
                    {
                        "name": "NEW",
                        "stock_like": "XXX",
                        "body": {"title": "x", "address": SEATTLE},
                    },
                ]
            },
            [
                ("changes.new_sources.1.name", "there is a source named NEW"),
                ("changes.new_sources.1.stock_like", "no source named XXX"),
            ],
        ),
        ("nowhere", {}, [("changes.strategy.name", "no strategy named nowhere")]),
        (
            "",
            {"strategy": {"name": "nowhere"}},
            [("changes.strategy.name", "no strategy named nowhere")],
        ),
        (
            "plain",
            {"constraints": [{"name": "near"}]},
            [("changes.constraints.0.name", "the strategy has no constraint near")],
        ),
    ],
)
def test_changes_that_cannot_be_made_are_refused_with_their_path(
    strategy: str, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert problems(strategy, **changes) == expected


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        (
            {"new_sources": [{"name": "NEW", "body": {"title": "x"}}]},
            "changes.new_sources.0.body.address",
        ),
        (
            {"strategy": {"body": {"weights": {"split": -1}}}},
            "changes.strategy.body.weights.split",
        ),
        (
            {"constraints": [{"name": "c", "body": {"title": "c", "type": "unknown"}}]},
            "changes.constraints.0.body",
        ),
    ],
)
def test_invalid_documents_are_refused_with_the_path_of_the_field(
    changes: dict[str, Any], path: str
) -> None:
    assert path in [where for where, _ in problems(**changes)]
