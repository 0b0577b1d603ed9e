"""Flow runs and flows over HTTP. `app.state.engine` holds the Engine."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request

from openiom.kernel import TooLarge
from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router, WriteSession
from openiom.platform.pagination import Page, RawPageRequest, raw_page_request

from .compiler import compile_flow, executable_flow
from .dry_run import dry_run
from .engine import Engine
from .operations import OperationResult, cancel, pause, reprocess, resume, skip
from .publication import problems_of
from .queries import (
    flow_counts,
    flow_runs_of,
    flow_view,
    get_flow,
    list_flows,
    list_step_kinds,
)
from .run_list import FAILED_RUN_SORTS, RunFilter, list_runs
from .schemas import (
    LIMIT,
    CheckRequest,
    CheckResult,
    DryRunRequest,
    DryRunResult,
    DryRunResults,
    DryStepView,
    FlowCounts,
    FlowItems,
    FlowNames,
    FlowRunIds,
    FlowRuns,
    FlowStateChange,
    FlowView,
    OperationResults,
    OperationResultView,
    ProblemView,
    ReprocessRequest,
    RunRow,
    StepKinds,
)

router = Router(prefix="/api/v1", tags=["orchestration"])


def engine_of(request: Request) -> Engine:
    """Return the engine of the application."""
    engine: Engine = request.app.state.engine
    return engine


CurrentEngine = Annotated[Engine, Depends(engine_of)]
RunPage = Annotated[RawPageRequest, Depends(raw_page_request())]


@router.get("/orders/{id}/flow-runs")
def flow_runs(
    principal: CurrentPrincipal, session: ReadSession, engine: CurrentEngine, id: UUID
) -> FlowRuns:
    """Return the flow runs of an order: their current steps and their history."""
    principal.require("orchestration.read")
    return FlowRuns(flow_runs=flow_runs_of(session, engine, id))


@router.post("/flow-runs/reprocess")
def reprocess_flow_runs(
    principal: CurrentPrincipal, session: WriteSession, now: Now, body: ReprocessRequest
) -> OperationResults:
    """Run failed flow runs again from the step that failed; at most 1000 ids."""
    principal.require("orchestration.write")
    _check_size([*body.run_ids, *body.order_ids])
    results = reprocess(session, run_ids=body.run_ids, root_ids=body.order_ids, now=now)
    return _result_views(results)


@router.post("/flow-runs/skip")
def skip_steps(
    principal: CurrentPrincipal,
    session: WriteSession,
    engine: CurrentEngine,
    now: Now,
    body: FlowRunIds,
) -> OperationResults:
    """Let flow runs continue behind the step at which they failed or wait."""
    principal.require("orchestration.write")
    _check_size(body.run_ids)
    return _result_views(skip(session, engine, run_ids=body.run_ids, now=now))


@router.post("/flow-runs/cancel")
def cancel_flow_runs(
    principal: CurrentPrincipal, session: WriteSession, now: Now, body: FlowRunIds
) -> OperationResults:
    """Cancel flow runs that have not ended."""
    principal.require("orchestration.write")
    _check_size(body.run_ids)
    return _result_views(cancel(session, run_ids=body.run_ids, now=now))


@router.get("/runs")
def runs(
    principal: CurrentPrincipal,
    session: ReadSession,
    engine: CurrentEngine,
    paging: RunPage,
    state: Literal["", "running", "failed", "completed", "canceled"] = "",
    flow: str = "",
    sort: Annotated[
        Literal["", *FAILED_RUN_SORTS.names],  # type: ignore[valid-type]
        Query(description="`since` sorts failed runs only; descending with a leading -"),
    ] = "",
) -> Page[RunRow]:
    """Return flow runs, newest first unless sorted otherwise."""
    principal.require("orchestration.read")
    chosen = RunFilter(state, flow, sort)
    request = paging.keyed_by(*chosen.sorted_by.field_types)
    rows = list_runs(session, engine, chosen, after=request.after, limit=request.fetch_limit)
    return request.page(rows, key=chosen.sorted_by.cursor)


@router.get("/step-kinds")
def step_kinds(principal: CurrentPrincipal) -> StepKinds:
    """Return the step kinds a flow can be built from, with the schema of each."""
    principal.require("orchestration.read")
    return StepKinds(items=list_step_kinds())


@router.get("/flows")
def flows(principal: CurrentPrincipal, session: ReadSession) -> FlowItems:
    """Return every flow with its counts."""
    principal.require("orchestration.read")
    return FlowItems(items=list_flows(session))


@router.post("/flows/pause")
def pause_flows(
    principal: CurrentPrincipal, session: WriteSession, now: Now, body: FlowNames
) -> FlowStateChange:
    """Hold everything of these flows that comes due, until they are resumed."""
    principal.require("orchestration.write")
    pause(session, names=body.names, now=now)
    return FlowStateChange(state="paused")


@router.post("/flows/resume")
def resume_flows(
    principal: CurrentPrincipal, session: WriteSession, now: Now, body: FlowNames
) -> FlowStateChange:
    """Release what was held, in the order in which it came due."""
    principal.require("orchestration.write")
    released = resume(session, names=body.names, now=now)
    return FlowStateChange(state="running", released=released)


@router.post("/flows/check")
def check(
    principal: CurrentPrincipal, session: ReadSession, engine: CurrentEngine, body: CheckRequest
) -> CheckResult:
    """Return every problem of a draft at once."""
    principal.require("orchestration.read")
    problems = problems_of(session, engine.catalog, body.name, body.document)
    views = [ProblemView(where=p.where, what=p.what, remedy=p.remedy) for p in problems]
    return CheckResult(problems=views)


@router.get("/flows/{name}")
def flow(
    principal: CurrentPrincipal, session: ReadSession, engine: CurrentEngine, name: str
) -> FlowView:
    """Return a flow in the version in use."""
    principal.require("orchestration.read")
    return flow_view(session, engine, name)


@router.get("/flows/{name}/counts")
def counts(principal: CurrentPrincipal, session: ReadSession, now: Now, name: str) -> FlowCounts:
    """Return live counts for the diagram of a flow."""
    principal.require("orchestration.read")
    return flow_counts(session, name, now=now)


@router.post("/flows/{name}/dry-run")
def try_flow(
    principal: CurrentPrincipal,
    session: ReadSession,
    engine: CurrentEngine,
    now: Now,
    name: str,
    body: DryRunRequest,
) -> DryRunResults:
    """Return what the flow would do with these subjects now; nothing is written.

    A draft contains expressions that are not published, so it requires the permission to change
    flows.
    """
    if body.document is None:
        principal.require("orchestration.read")
        executable = get_flow(session, name, body.version).compile()
    else:
        principal.require("orchestration.write")
        draft = compile_flow(body.document, engine.catalog.snapshot(session))
        executable = executable_flow(draft.document, draft.plan, id=0, name=name, version=0)

    found = dry_run(session, engine, executable, body.subject_ids, now=now)
    results = []
    for subject_id, steps in found.items():
        views = [DryStepView.model_validate(asdict(step)) for step in steps]
        results.append(DryRunResult(subject_id=subject_id, steps=views))

    return DryRunResults(results=results)


def _check_size(ids: Sequence[UUID]) -> None:
    if len(ids) > LIMIT:
        raise TooLarge(
            f"{len(ids)} ids, at most {LIMIT} are accepted at once", remedy="send them in parts"
        )


def _result_views(results: Sequence[OperationResult]) -> OperationResults:
    views = [OperationResultView.model_validate(asdict(result)) for result in results]
    return OperationResults(results=views)
