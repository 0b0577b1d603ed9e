"""Start, copy, delete and commit simulations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from openiom.fulfillment_optimization import DemandPort
from openiom.kernel import Invalid, NotFound, Refused, new_id
from openiom.platform.bulk import execute
from openiom.platform.configuration import Configuration, changed_paths, current_documents
from openiom.platform.events import notify

from .changes import changed_documents
from .inputs import Inputs, inputs_of, read_inputs, scenarios, store_inputs
from .models import Simulation
from .request import SimulationRequest
from .schemas import CloneRequest, DocumentDelta, PathDelta
from .worker import WAKE


def start_simulation(
    session: Session,
    order_port: DemandPort,
    configuration: Configuration,
    request: SimulationRequest,
    *,
    now: datetime,
    actor: str,
) -> UUID:
    """Store the inputs of a simulation and queue its runs; return its id.

    Raises Invalid with the path of everything that cannot be simulated.
    """
    inputs = read_inputs(session, order_port, request, now=now)
    made = _prepare(session, configuration, inputs, request, now=now, actor=actor)
    made.input_id = store_inputs(session, inputs, now=now)
    return _queue(session, made)


def clone_simulation(
    session: Session,
    configuration: Configuration,
    simulation_id: UUID,
    differences: CloneRequest,
    *,
    now: datetime,
    actor: str,
) -> UUID:
    """Queue a copy with the same demand and stock, to be compared run by run; return its id.

    Raises NotFound, or Invalid as `start_simulation` does.
    """
    original = get_simulation(session, simulation_id)
    changed = {}
    for name in CloneRequest.model_fields:
        value = getattr(differences, name)
        if value is not None:
            changed[name] = value

    request = SimulationRequest.model_validate(original.request).model_copy(update=changed)
    inputs = inputs_of(session, original.input_id)
    made = _prepare(session, configuration, inputs, request, now=now, actor=actor)
    made.input_id, made.cloned_from = original.input_id, original.id
    return _queue(session, made)


def _prepare(
    session: Session,
    configuration: Configuration,
    inputs: Inputs,
    request: SimulationRequest,
    *,
    now: datetime,
    actor: str,
) -> Simulation:
    """Return a simulation whose changes could be committed. Raises Invalid."""
    changed = changed_documents(inputs.bodies, request.changes, strategy=request.strategy)
    _rehearse(session, configuration, changed.documents, now=now, actor=actor)
    return Simulation(
        id=new_id(),
        name=request.name,
        description=request.description,
        template=request.template,
        state="waiting",
        request=request.model_dump(mode="json", by_alias=True),
        documents=list(changed.documents),
        cost_currency=_currency(inputs, request),
        runs=request.runs,
        created_at=now,
        created_by=actor,
    )


def _currency(inputs: Inputs, request: SimulationRequest) -> str:
    """Return the currency of both scenarios' costs, '' when one counts kilometers.

    Raises NotFound when a strategy is not in force, and Invalid for two currencies.
    """
    first = request.demand.from_
    baseline, scenario = scenarios(inputs, request)
    before = baseline.network.strategy(baseline.strategy, first).currency
    after = scenario.network.strategy(scenario.strategy, first).currency
    if before == after:
        return before
    if before and after:
        what = f"the scenario counts in {after}, the baseline in {before}"
        raise Invalid(what, where="changes.strategy", remedy="compare strategies of one currency")

    return ""


def _queue(session: Session, simulation: Simulation) -> UUID:
    session.add(simulation)
    session.flush()
    notify(session, WAKE)
    return simulation.id


def get_simulation(session: Session, simulation_id: UUID) -> Simulation:
    """Return a simulation. Raises NotFound."""
    found = session.get(Simulation, simulation_id)
    return _existing(found, simulation_id)


def _lock_simulation(session: Session, simulation_id: UUID) -> Simulation:
    query = select(Simulation).where(Simulation.id == simulation_id).with_for_update()
    return _existing(session.scalars(query).one_or_none(), simulation_id)


def _existing(found: Simulation | None, simulation_id: UUID) -> Simulation:
    if found is None:
        raise NotFound(
            f"no simulation {simulation_id}", where="simulation_id", remedy="look it up in the list"
        )
    return found


def remove_simulation(session: Session, simulation_id: UUID) -> None:
    """Delete a simulation and its figures; its inputs stay while a copy uses them.

    Raises NotFound.
    """
    found = _lock_simulation(session, simulation_id)
    session.delete(found)
    session.flush()
    execute(
        session,
        "DELETE FROM simulation.simulation_input i WHERE i.id = %s"
        " AND NOT EXISTS (SELECT 1 FROM simulation.simulation s WHERE s.input_id = i.id)",
        (found.input_id,),
    )


def commit_simulation(
    session: Session,
    configuration: Configuration,
    simulation_id: UUID,
    *,
    now: datetime,
    actor: str,
) -> list[DocumentDelta]:
    """Apply the documents that were simulated, all or none; return what changed.

    A field that was changed since the simulation is overwritten and shown as such. Raises NotFound,
    Refused while there is nothing to commit, and Invalid as `Configuration.apply` does.
    """
    found = _lock_simulation(session, simulation_id)
    if found.state != "finished":
        raise Refused(f"the simulation is {found.state}", remedy="commit it when it has finished")
    if found.committed_at is not None:
        raise Refused("the simulation is committed already", remedy="clone it to change more")
    if not found.documents:
        raise Refused(
            "the simulation changes no document",
            remedy="only a scenario with changes can be committed",
        )

    changed = deltas(session, found.documents)
    configuration.apply(session, found.documents, at=now, actor=actor)
    found.committed_at, found.committed_by = now, actor
    return changed


def deltas(session: Session, documents: Sequence[dict[str, Any]]) -> list[DocumentDelta]:
    """Return what these documents would change of the current configuration, field by field."""
    return [_delta(session, document) for document in documents]


def _delta(session: Session, document: dict[str, Any]) -> DocumentDelta:
    kind, name = document["kind"], document["name"]
    current = current_documents(session, kind, names=[name])
    if not current:
        paths = _changes_between({}, document["body"])
        return DocumentDelta(kind=kind, name=name, change="added", paths=paths)
    paths = _changes_between(current[0].body, document["body"])
    change: Literal["changed", "unchanged"] = "changed" if paths else "unchanged"
    return DocumentDelta(kind=kind, name=name, change=change, paths=paths)


def _changes_between(before: dict[str, Any], after: dict[str, Any]) -> list[PathDelta]:
    paths: list[PathDelta] = []
    for path in changed_paths(before, after):
        paths.append(
            PathDelta(
                path=path,
                before=_value_at(before, path),
                after=_value_at(after, path),
            )
        )

    return paths


def _value_at(body: Any, path: str) -> Any:
    """Return the value at a path as `changed_paths` writes them; None where there is none."""
    for part in path.replace("[", ".[").split("."):
        if part.startswith("["):
            body = _item(body, int(part[1:-1]))
        elif part:
            body = body.get(part) if isinstance(body, dict) else None
    return body


def _item(body: Any, index: int) -> Any:
    if isinstance(body, list) and index < len(body):
        return body[index]
    return None


def _rehearse(
    session: Session,
    configuration: Configuration,
    documents: Sequence[dict[str, Any]],
    *,
    now: datetime,
    actor: str,
) -> None:
    """Apply the documents and roll back. Raises Invalid when they could not be committed."""
    if not documents:
        return

    with session.begin_nested() as attempt:
        configuration.apply(session, documents, at=now, actor=actor)
        attempt.rollback()
