"""Policies as one reads them aloud, and a test bench for them."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from openiom.platform.http import CurrentPrincipal, ReadSession

from .configuration import compiled_policies, policies_in_use
from .policy import PolicyDocument
from .tables import Column, Row, read_table

router = APIRouter(prefix="/api/v1/policies", tags=["policies"])


class PolicyView(BaseModel):
    """A policy as a table: condition columns, rows in order, what a match means."""

    name: str
    title: str
    type: str
    entity: str
    criticality: str
    hit: str
    columns: list[Column]
    rows: list[Row]


class PolicyItems(BaseModel):
    items: list[PolicyView]


class TryRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    records: list[dict[str, Any]] = Field(min_length=1, max_length=100)


class VerdictView(BaseModel):
    passed: bool
    reason: str
    row: int | None
    row_text: str
    values: dict[str, Any]
    sets: dict[str, Any]
    error: str | None


class Verdicts(BaseModel):
    verdicts: list[VerdictView]


@router.get("")
def policies(principal: CurrentPrincipal, session: ReadSession) -> PolicyItems:
    """Every policy in use, by name."""
    principal.require("policies.read")
    return PolicyItems(items=[view(p) for _, p in sorted(policies_in_use(session).items())])


@router.post("/{name}/try")
def try_policy(
    name: str, asked: TryRequest, principal: CurrentPrincipal, session: ReadSession
) -> Verdicts:
    """Judge sample records without changing anything: which row matched, on which values."""
    principal.require("policies.read")
    found = compiled_policies(session, [name])[name].evaluate(asked.records)
    return Verdicts(
        verdicts=[
            VerdictView(
                passed=v.passed,
                reason=v.reason,
                row=v.matched_row.index if v.matched_row else None,
                row_text=v.matched_row.text if v.matched_row else "",
                values=v.values,
                sets=v.sets,
                error=v.error,
            )
            for v in found
        ]
    )


def view(policy: PolicyDocument) -> PolicyView:
    table = read_table(policy.content)
    return PolicyView(
        name=policy.name,
        title=policy.title or policy.name,
        type=policy.type,
        entity=policy.entity,
        criticality=policy.criticality,
        hit=table.hit,
        columns=table.columns,
        rows=table.rows,
    )
