"""Flow runs, flows and runs over HTTP. `app.state.engine` holds the Engine."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from openiom.kernel import TooLarge
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    Page,
    ReadSession,
    WriteSession,
    decode_cursor,
    paginate,
)

from .compiled_flows import Engine, running_flow
from .compiler import compile_flow
from .dry_run import dry_run
from .operations import Done, cancel, pause, reprocess, resume, skip
from .publishing import problems_of
from .queries import flow_counts, flow_runs_of, flow_view, get_flow, list_flows, list_runs
from .schemas import (
    LIMIT,
    Checked,
    CheckRequest,
    DoneView,
    DryRunRequest,
    DryRunResult,
    DryRunResults,
    DryStepView,
    FlowCounts,
    FlowItems,
    FlowNames,
    FlowRunIds,
    FlowRuns,
    FlowView,
    ProblemView,
    ReprocessRequest,
    Results,
    RunRow,
    Switched,
)

router = APIRouter(prefix="/api/v1", tags=["orchestration"])


def engine_of(request: Request) -> Engine:
    found: Engine = request.app.state.engine
    return found


EngineHere = Annotated[Engine, Depends(engine_of)]


@router.get("/orders/{id}/flow-runs")
def flow_runs(
    principal: CurrentPrincipal, session: ReadSession, engine: EngineHere, id: UUID
) -> FlowRuns:
    """Where an order stands in its flows, and everything it went through."""
    principal.require("orchestration.read")
    return FlowRuns(flow_runs=flow_runs_of(session, engine, id))


@router.post("/flow-runs/reprocess")
def reprocess_flow_runs(
    principal: CurrentPrincipal, session: WriteSession, now: Now, asked: ReprocessRequest
) -> Results:
    """Run failed flow runs again from the step that failed; at most 1000 ids."""
    principal.require("orchestration.write")
    _within_limit([*asked.run_ids, *asked.order_ids])
    return _results(reprocess(session, run_ids=asked.run_ids, root_ids=asked.order_ids, now=now))


@router.post("/flow-runs/skip")
def skip_steps(
    principal: CurrentPrincipal,
    session: WriteSession,
    engine: EngineHere,
    now: Now,
    asked: FlowRunIds,
) -> Results:
    """Let flow runs go on behind the step at which they failed or wait."""
    principal.require("orchestration.write")
    _within_limit(asked.run_ids)
    return _results(skip(session, engine, run_ids=asked.run_ids, now=now))


@router.post("/flow-runs/cancel")
def cancel_flow_runs(
    principal: CurrentPrincipal, session: WriteSession, now: Now, asked: FlowRunIds
) -> Results:
    """End flow runs where they stand."""
    principal.require("orchestration.write")
    _within_limit(asked.run_ids)
    return _results(cancel(session, run_ids=asked.run_ids, now=now))


@router.get("/runs")
def runs(
    principal: CurrentPrincipal,
    session: ReadSession,
    engine: EngineHere,
    state: Literal["", "running", "failed", "completed", "canceled"] = "",
    flow: str = "",
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[RunRow]:
    """Flow runs, newest first."""
    principal.require("orchestration.read")
    cursor = decode_cursor(after, 1, UUID)
    start = UUID(cursor[0]) if cursor else None
    rows = list_runs(session, engine, state=state, flow=flow, after=start, limit=limit)
    shown, following = paginate(rows, limit=limit, key=lambda row: (row.id,))
    return Page[RunRow](items=shown, next=following)


@router.get("/flows")
def flows(principal: CurrentPrincipal, session: ReadSession) -> FlowItems:
    principal.require("orchestration.read")
    return FlowItems(items=list_flows(session))


@router.post("/flows/pause")
def pause_flows(
    principal: CurrentPrincipal, session: WriteSession, now: Now, asked: FlowNames
) -> Switched:
    """Hold everything of these flows that comes due, until they are resumed."""
    principal.require("orchestration.write")
    pause(session, names=asked.names, now=now)
    return Switched(state="paused")


@router.post("/flows/resume")
def resume_flows(
    principal: CurrentPrincipal, session: WriteSession, now: Now, asked: FlowNames
) -> Switched:
    """Let what was held go on in its order."""
    principal.require("orchestration.write")
    return Switched(state="running", released=resume(session, names=asked.names, now=now))


@router.post("/flows/check")
def check(
    principal: CurrentPrincipal, session: ReadSession, engine: EngineHere, asked: CheckRequest
) -> Checked:
    """Every fault of a draft at once."""
    principal.require("orchestration.read")
    problems = problems_of(session, engine.catalog, asked.name, asked.document)
    return Checked(
        problems=[ProblemView(where=p.where, what=p.what, remedy=p.remedy) for p in problems]
    )


@router.get("/flows/{name}")
def flow(
    principal: CurrentPrincipal, session: ReadSession, engine: EngineHere, name: str
) -> FlowView:
    principal.require("orchestration.read")
    return flow_view(session, engine, name)


@router.get("/flows/{name}/counts")
def counts(principal: CurrentPrincipal, session: ReadSession, now: Now, name: str) -> FlowCounts:
    """Live numbers for the picture of a flow."""
    principal.require("orchestration.read")
    return flow_counts(session, name, now=now)


@router.post("/flows/{name}/dry-run")
def try_flow(
    principal: CurrentPrincipal,
    session: ReadSession,
    engine: EngineHere,
    name: str,
    asked: DryRunRequest,
) -> DryRunResults:
    """What the flow would do with these subjects now; writes nothing."""
    principal.require("orchestration.read")
    if asked.document is not None:
        compiled = compile_flow(asked.document, engine.catalog.known(session))
        running = running_flow(
            id=0, name=name, version=0, document=compiled.document, plan=compiled.plan
        )
    else:
        running = get_flow(session, name, asked.version)[0]
    found = dry_run(session, engine, running, asked.subject_ids)
    return DryRunResults(
        results=[
            DryRunResult(
                subject_id=id, steps=[DryStepView.model_validate(asdict(step)) for step in steps]
            )
            for id, steps in found.items()
        ]
    )


def _within_limit(ids: Sequence[UUID]) -> None:
    if len(ids) > LIMIT:
        raise TooLarge(
            f"{len(ids)} ids, at most {LIMIT} are taken at once", remedy="send them in parts"
        )


def _results(done: Sequence[Done]) -> Results:
    return Results(results=[DoneView(id=d.id, ok=d.ok, reason=d.reason) for d in done])
