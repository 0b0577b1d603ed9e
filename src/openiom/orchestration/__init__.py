"""
Orchestration: every subject goes through the flow a business user drew, and can be seen where it stands.

Owns    flow versions, flow runs, tokens, step results, the outbound queue of provider actions.
Holds   a token moves in the transaction that moves its data; an event is never missed by who waits for it; one key
        for one call, however often it is repeated.
Tells   the events that flows raise on their subjects, through the entities' rooms.
"""

from .catalog import Catalog, Known
from .compiled_flows import Engine
from .compiler import CompiledFlow, check_flow, compile_flow, read_flow
from .dispatcher import Dispatcher
from .document import FlowDocument
from .dry_run import DryStep, dry_run
from .inline_start import start_inline
from .metrics import queue_depths
from .operations import Done, cancel, pause, reprocess, resume, skip
from .outside import ThroughProviders
from .ports import Outside
from .provider_call_worker import Busy, ProviderCallWorker
from .publishing import flow_kind, problems_of
from .routes import router
from .step_worker import StepWorker

__all__ = [
    "queue_depths",
    "Catalog",
    "CompiledFlow",
    "Dispatcher",
    "Done",
    "DryStep",
    "Engine",
    "FlowDocument",
    "Known",
    "Outside",
    "ProviderCallWorker",
    "StepWorker",
    "ThroughProviders",
    "start_inline",
    "cancel",
    "check_flow",
    "compile_flow",
    "dry_run",
    "flow_kind",
    "pause",
    "problems_of",
    "read_flow",
    "reprocess",
    "resume",
    "router",
    "skip",
    "workers",
]


def workers(
    engine: Engine, *, callers: int = 2
) -> tuple[Dispatcher | StepWorker | ProviderCallWorker, ...]:
    """What a worker runs so that flow runs move; `callers` is how many providers it talks to at once."""
    busy = Busy()
    return (
        Dispatcher(engine),
        StepWorker(engine),
        *(ProviderCallWorker(engine, busy=busy) for _ in range(callers)),
    )
