"""Policies as readable tables, and a test bench for them, over HTTP."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from openiom.platform.http import CurrentPrincipal, ReadSession, Router

from .configuration import compiled_policies, policies_in_use
from .draft_process import SHARED_EVALUATOR
from .limited_evaluation import LimitedEvaluation
from .policy import PolicyDocument
from .tables import Column, Row, read_table
from .verdict import Verdict

router = Router(prefix="/api/v1/policies", tags=["policies"])


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
    """All policies in use."""

    items: list[PolicyView]


class TryRequest(BaseModel):
    """Records to judge."""

    model_config = ConfigDict(extra="forbid")

    records: list[dict[str, Any]] = Field(min_length=1, max_length=100)


class VerdictView(BaseModel):
    """The verdict on one record; `row` counts from 1, as the table shows it."""

    passed: bool
    reason: str
    row: int | None
    row_text: str
    values: dict[str, Any]
    sets: dict[str, Any]
    error: str | None


class Verdicts(BaseModel):
    """One verdict per record, in order."""

    verdicts: list[VerdictView]


@router.get("")
def policies(principal: CurrentPrincipal, session: ReadSession) -> PolicyItems:
    """Return every policy in use, by name."""
    principal.require("policies.read")
    in_use = policies_in_use(session)
    return PolicyItems(items=[view(in_use[name]) for name in sorted(in_use)])


@router.post("/{name}/try")
def try_policy(
    name: str, body: TryRequest, principal: CurrentPrincipal, session: ReadSession
) -> Verdicts:
    """Judge sample records without changing anything: which row matched, on which values.

    They are judged in a child process with limits on time and memory.
    """
    principal.require("policies.read")
    policy = compiled_policies(session, [name])[name]
    verdicts = LimitedEvaluation(SHARED_EVALUATOR).verdicts(policy, body.records)
    views = [verdict_view(verdict) for verdict in verdicts]
    return Verdicts(verdicts=views)


def verdict_view(verdict: Verdict) -> VerdictView:
    """Return a verdict as the API shows it."""
    row: int | None = None
    row_text = ""
    if verdict.matched_row is not None:
        row = verdict.matched_row.number
        row_text = verdict.matched_row.text

    return VerdictView(
        passed=verdict.passed,
        reason=verdict.reason,
        row=row,
        row_text=row_text,
        values=verdict.values,
        sets=verdict.sets,
        error=verdict.error,
    )


def view(policy: PolicyDocument) -> PolicyView:
    """Return a policy as a readable table."""
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
