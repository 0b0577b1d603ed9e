"""Journeys, flows and runs over HTTP. `app.state.engine` holds the Engine."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from openiom.kernel import TooLarge
from openiom.platform.http import Asker, Now, Page, Reading, Writing, page_of, read_cursor

from .compiler import compile_flow
from .dry_run import dry_run
from .operations import Done, cancel, pause, reprocess, resume, skip
from .publishing import problems_of
from .queries import flow_counts, flow_view, get_flow, journeys_of, list_flows, list_runs
from .running import Engine, running_flow
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
    FlowView,
    JourneyIds,
    Journeys,
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


@router.get("/orders/{id}/journeys")
def journeys(asker: Asker, session: Reading, engine: EngineHere, id: UUID) -> Journeys:
    """Where an order stands in its flows, and everything it went through."""
    asker.require("orchestration.read")
    return Journeys(journeys=journeys_of(session, engine, id))


@router.post("/journeys/reprocess")
def reprocess_journeys(asker: Asker, session: Writing, now: Now, asked: ReprocessRequest) -> Results:
    """Run failed journeys again from the step that failed; at most 1000 ids."""
    asker.require("orchestration.write")
    _within_limit([*asked.journey_ids, *asked.order_ids])
    return _results(reprocess(session, journey_ids=asked.journey_ids, root_ids=asked.order_ids, now=now))


@router.post("/journeys/skip")
def skip_steps(asker: Asker, session: Writing, engine: EngineHere, now: Now, asked: JourneyIds) -> Results:
    """Let journeys go on behind the step at which they failed or wait."""
    asker.require("orchestration.write")
    _within_limit(asked.journey_ids)
    return _results(skip(session, engine, journey_ids=asked.journey_ids, now=now))


@router.post("/journeys/cancel")
def cancel_journeys(asker: Asker, session: Writing, now: Now, asked: JourneyIds) -> Results:
    """End journeys where they stand."""
    asker.require("orchestration.write")
    _within_limit(asked.journey_ids)
    return _results(cancel(session, journey_ids=asked.journey_ids, now=now))


@router.get("/runs")
def runs(
    asker: Asker,
    session: Reading,
    engine: EngineHere,
    state: Literal["", "running", "failed", "completed", "canceled"] = "",
    flow: str = "",
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[RunRow]:
    """Journeys, newest first."""
    asker.require("orchestration.read")
    cursor = read_cursor(after, 1, UUID)
    start = UUID(cursor[0]) if cursor else None
    rows = list_runs(session, engine, state=state, flow=flow, after=start, limit=limit)
    shown, following = page_of(rows, limit=limit, key=lambda row: (row.id,))
    return Page[RunRow](items=shown, next=following)


@router.get("/flows")
def flows(asker: Asker, session: Reading) -> FlowItems:
    asker.require("orchestration.read")
    return FlowItems(items=list_flows(session))


@router.post("/flows/pause")
def pause_flows(asker: Asker, session: Writing, now: Now, asked: FlowNames) -> Switched:
    """Hold everything of these flows that comes due, until they are resumed."""
    asker.require("orchestration.write")
    pause(session, names=asked.names, now=now)
    return Switched(state="paused")


@router.post("/flows/resume")
def resume_flows(asker: Asker, session: Writing, now: Now, asked: FlowNames) -> Switched:
    """Let what was held go on in its order."""
    asker.require("orchestration.write")
    return Switched(state="running", released=resume(session, names=asked.names, now=now))


@router.post("/flows/check")
def check(asker: Asker, session: Reading, engine: EngineHere, asked: CheckRequest) -> Checked:
    """Every fault of a draft at once."""
    asker.require("orchestration.read")
    problems = problems_of(session, engine.catalog, asked.name, asked.document)
    return Checked(problems=[ProblemView(where=p.where, what=p.what, remedy=p.remedy) for p in problems])


@router.get("/flows/{name}")
def flow(asker: Asker, session: Reading, engine: EngineHere, name: str) -> FlowView:
    asker.require("orchestration.read")
    return flow_view(session, engine, name)


@router.get("/flows/{name}/counts")
def counts(asker: Asker, session: Reading, now: Now, name: str) -> FlowCounts:
    """Live numbers for the picture of a flow."""
    asker.require("orchestration.read")
    return flow_counts(session, name, now=now)


@router.post("/flows/{name}/dry-run")
def try_flow(asker: Asker, session: Reading, engine: EngineHere, name: str, asked: DryRunRequest) -> DryRunResults:
    """What the flow would do with these subjects now; writes nothing."""
    asker.require("orchestration.read")
    if asked.document is not None:
        compiled = compile_flow(asked.document, engine.catalog.known(session))
        running = running_flow(id=0, name=name, version=0, document=compiled.document, plan=compiled.plan)
    else:
        running = get_flow(session, name, asked.version)[0]
    found = dry_run(session, engine, running, asked.subject_ids)
    return DryRunResults(
        results=[
            DryRunResult(subject_id=id, steps=[DryStepView.model_validate(asdict(step)) for step in steps])
            for id, steps in found.items()
        ]
    )


def _within_limit(ids: Sequence[UUID]) -> None:
    if len(ids) > LIMIT:
        raise TooLarge(f"{len(ids)} ids, at most {LIMIT} are taken at once", remedy="send them in parts")


def _results(done: Sequence[Done]) -> Results:
    return Results(results=[DoneView(id=d.id, ok=d.ok, reason=d.reason) for d in done])
