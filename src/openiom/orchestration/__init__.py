"""
Orchestration: every subject passes the flow that a business user drew, and its position is visible.

Owns        flow versions, flow runs, tokens, step results, the outbound queue of provider calls.
Guarantees  a token moves in the transaction that changes its data; a waiting flow run never misses
            an event; a provider call has one idempotency key, however often it is repeated.
Publishes   the events that flows raise on their subjects, through the packages of the entities.
"""

from .catalog import Catalog, CatalogSnapshot
from .compiler import CompiledFlow, check_flow, compile_flow, read_flow
from .document import FlowDocument
from .dry_run import DryStep, dry_run
from .elements import ELEMENTS
from .engine import Engine
from .metrics import queue_depths
from .operations import OperationResult, cancel, pause, reprocess, resume, skip
from .publication import flow_kind, problems_of
from .routes import router
from .runtime.call_queue import resume_calls_to
from .runtime.calls.guards import release_calls
from .runtime.calls.worker import InFlight, ProviderCallWorker
from .runtime.dispatcher import Dispatcher
from .runtime.inline_start import start_inline
from .runtime.step_worker import StepWorker
from .runtime.withdrawal import lock_calls, withdraw_calls
from .waiting_calls import (
    MAX_COUNTED,
    FailedRoot,
    FailedStep,
    WaitingCalls,
    count_failed_runs,
    count_waiting_calls,
    failed_roots,
    failed_step,
    oldest_call,
    roots_waiting_for,
    waiting_instances,
)

__all__ = [
    "ELEMENTS",
    "MAX_COUNTED",
    "Catalog",
    "CatalogSnapshot",
    "CompiledFlow",
    "Dispatcher",
    "DryStep",
    "Engine",
    "FailedRoot",
    "FailedStep",
    "FlowDocument",
    "OperationResult",
    "ProviderCallWorker",
    "StepWorker",
    "WaitingCalls",
    "cancel",
    "check_flow",
    "compile_flow",
    "count_failed_runs",
    "count_waiting_calls",
    "dry_run",
    "failed_roots",
    "failed_step",
    "flow_kind",
    "lock_calls",
    "oldest_call",
    "pause",
    "problems_of",
    "queue_depths",
    "read_flow",
    "release_calls",
    "reprocess",
    "resume",
    "resume_calls_to",
    "roots_waiting_for",
    "router",
    "skip",
    "start_inline",
    "waiting_instances",
    "withdraw_calls",
    "workers",
]


def workers(
    engine: Engine, *, callers: int = 2
) -> tuple[Dispatcher | StepWorker | ProviderCallWorker, ...]:
    """Return the background loops of the package.

    `callers` is how many provider instances a process calls at the same time.
    """
    in_flight = InFlight()
    call_workers = [ProviderCallWorker(engine, in_flight=in_flight) for _ in range(callers)]
    return (Dispatcher(engine), StepWorker(engine), *call_workers)
