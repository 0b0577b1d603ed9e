"""Ask for a simulation, copy one, and make what it simulated true."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.past_demand import DemandPort
from openiom.kernel import Invalid, NotFound, Refused, new_id
from openiom.platform.bulk import execute
from openiom.platform.configuration import Configuration, changed_paths, current_documents
from openiom.platform.events import notify

from .changes import changed_documents
from .inputs import Inputs, inputs_of, read_inputs, scenarios, store_inputs
from .models import Simulation
from .request import SimulationAsk
from .schemas import CloneAsk, DocumentDelta, PathDelta
from .worker import WAKE

CLONED = ("name", "description", "template", "changes", "replenish_days", "runs", "seed")


def start_simulation(
    session: Session,
    order_port: DemandPort,
    configuration: Configuration,
    ask: SimulationAsk,
    *,
    now: datetime,
    actor: str,
) -> UUID:
    """Keep what it is to be run on, and queue it. Raises Invalid with the path of everything that cannot be."""
    inputs = read_inputs(session, order_port, ask, now=now)
    changed = changed_documents(inputs.bodies, ask.changes, strategy=ask.strategy)
    _rehearse(session, configuration, changed.documents, now=now, actor=actor)
    currency = _currency(inputs, ask)
    kept = store_inputs(session, inputs, now=now)
    return _queue(
        session, ask, changed.documents, kept, None, currency=currency, now=now, actor=actor
    )


def clone_simulation(
    session: Session,
    configuration: Configuration,
    simulation_id: UUID,
    asked: CloneAsk,
    *,
    now: datetime,
    actor: str,
) -> UUID:
    """The same demand and stock with other changes, to be compared run by run. Raises NotFound, or Invalid as above."""
    original = simulation(session, simulation_id)
    given = {name: getattr(asked, name) for name in CLONED if getattr(asked, name) is not None}
    ask = SimulationAsk.model_validate(original.ask).model_copy(update=given)
    inputs = inputs_of(session, original.input_id)
    changed = changed_documents(inputs.bodies, ask.changes, strategy=ask.strategy)
    _rehearse(session, configuration, changed.documents, now=now, actor=actor)
    currency = _currency(inputs, ask)
    kept, copied = original.input_id, original.id
    return _queue(
        session, ask, changed.documents, kept, copied, currency=currency, now=now, actor=actor
    )


def _currency(inputs: Inputs, ask: SimulationAsk) -> str:
    """What both scenarios count in, '' where one counts kilometers. Raises NotFound, and Invalid for two currencies."""
    settings = [
        s.network.strategy_config(s.strategy, ask.demand.from_) for s in scenarios(inputs, ask)
    ]
    before, after = (setting.currency for setting in settings)
    if before and after and before != after:
        what = f"the scenario counts in {after}, the baseline in {before}"
        raise Invalid(what, where="changes.strategy", remedy="compare strategies of one currency")
    return before if before == after else ""


def _queue(
    session: Session,
    ask: SimulationAsk,
    documents: Sequence[dict[str, Any]],
    input_id: UUID,
    cloned_from: UUID | None,
    *,
    currency: str,
    now: datetime,
    actor: str,
) -> UUID:
    made = Simulation(
        id=new_id(),
        name=ask.name,
        description=ask.description,
        template=ask.template,
        state="waiting",
        ask=ask.model_dump(mode="json", by_alias=True),
        documents=list(documents),
        input_id=input_id,
        cloned_from=cloned_from,
        cost_currency=currency,
        runs=ask.runs,
        created_at=now,
        created_by=actor,
    )
    session.add(made)
    session.flush()
    notify(session, WAKE)
    return made.id


def simulation(session: Session, simulation_id: UUID, *, locked: bool = False) -> Simulation:
    """Raises NotFound."""
    query = select(Simulation).where(Simulation.id == simulation_id)
    found = session.scalars(query.with_for_update() if locked else query).one_or_none()
    if found is None:
        raise NotFound(
            f"no simulation {simulation_id}", where="simulation_id", remedy="look it up in the list"
        )
    return found


def remove_simulation(session: Session, simulation_id: UUID) -> None:
    """Forget a simulation and its figures; its inputs stay while a copy uses them. Raises NotFound."""
    found = simulation(session, simulation_id, locked=True)
    session.delete(found)
    session.flush()
    execute(
        session,
        "DELETE FROM fulfillment_optimization.simulation_input i WHERE i.id = %s"
        " AND NOT EXISTS (SELECT 1 FROM fulfillment_optimization.simulation s WHERE s.input_id = i.id)",
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
    """
    Apply the documents that were simulated, all or none, and say what changed. A field that somebody else changed since
    is overwritten and shown as such. Raises NotFound, Refused while there is nothing to commit, Invalid as apply does.
    """
    found = simulation(session, simulation_id, locked=True)
    if found.state != "finished":
        raise Refused(f"the simulation is {found.state}", remedy="commit it when it has finished")
    if found.committed_at is not None:
        raise Refused("the simulation is committed already", remedy="clone it to change more")
    if not found.documents:
        raise Refused(
            "the simulation changes no document",
            remedy="only a scenario with changes can be committed",
        )
    shown = deltas(session, found.documents)
    configuration.apply(session, found.documents, at=now, actor=actor)
    found.committed_at, found.committed_by = now, actor
    return shown


def deltas(session: Session, documents: Sequence[dict[str, Any]]) -> list[DocumentDelta]:
    """Field by field, what these documents would change of the configuration in use."""
    found = []
    for document in documents:
        kind, name, after = document["kind"], document["name"], document["body"]
        known = current_documents(session, kind, names=[name])
        before = known[0].body if known else {}
        paths = changed_paths(before, after)
        change = "unchanged" if known and not paths else "changed" if known else "added"
        found.append(
            DocumentDelta(
                kind=kind,
                name=name,
                change=change,
                paths=[
                    PathDelta(path=p, before=_at(before, p), after=_at(after, p)) for p in paths
                ],
            )
        )
    return found


def _at(body: Any, path: str) -> Any:
    """The value at a path as `changed_paths` writes them; None where there is none."""
    for part in path.replace("[", ".[").split("."):
        if part.startswith("["):
            index = int(part[1:-1])
            body = body[index] if isinstance(body, list) and index < len(body) else None
        elif part:
            body = body.get(part) if isinstance(body, dict) else None
    return body


def _rehearse(
    session: Session,
    configuration: Configuration,
    documents: Sequence[dict[str, Any]],
    *,
    now: datetime,
    actor: str,
) -> None:
    """Apply and take back: a scenario that could not be committed is refused before it is run."""
    if not documents:
        return
    with session.begin_nested() as attempt:
        configuration.apply(session, documents, at=now, actor=actor)
        attempt.rollback()
