"""Provider calls that are not made: postponed for now, or not possible any more."""

from collections.abc import Sequence
from threading import Thread
from uuid import UUID

from tests.orchestration.builders import SEND, action
from tests.orchestration.harness import Harness
from tests.orchestration.test_retry_and_withdrawal import call_states, items

from openiom.kernel import ProviderDown
from openiom.orchestration import lock_calls, pause, release_calls, resume
from openiom.orchestration.queries import flow_runs_of
from openiom.platform.bulk import execute
from openiom.provider_contract import Call, CallResult


def become(harness: Harness, state: str, *ids: UUID) -> None:
    with harness.session() as session:
        statement = "UPDATE public.sample_item SET state = %s WHERE id = ANY(%s)"
        execute(session, statement, (state, list(ids)))


def release(harness: Harness, *orders: UUID) -> None:
    with harness.session() as session:
        release_calls(session, orders, now=harness.now)


def sent(harness: Harness) -> list[UUID]:
    """Return the items whose calls were made, in the order of the calls."""
    return [UUID(key.split(":")[2]) for keys in harness.provider.requests for key in keys]


def queued(harness: Harness, *quantities: int) -> tuple[UUID, list[UUID]]:
    """Return an order and its items, whose calls are queued."""
    harness.flow("out", SEND, action("on"))
    [order] = harness.place("A", items=quantities)
    harness.run(harness.dispatcher, harness.steps)
    return order, items(harness, order)


def test_a_postponed_call_is_held_with_its_reason_and_made_once_after_its_release(
    harness: Harness,
) -> None:
    order, (free, parked) = queued(harness, 1, 2)
    become(harness, "parked", parked)
    harness.run()
    assert sent(harness) == [free]
    assert call_states(harness) == ["done", "held"]
    assert harness.rows("SELECT attempts FROM orchestration.provider_call ORDER BY id") == [
        (1,),
        (0,),
    ]
    with harness.session() as session:
        (run,) = flow_runs_of(session, harness.engine, order)
    assert (run.state, run.step, run.postponed) == ("running", "send", "the item is parked")

    release(harness, order)
    harness.run()
    assert (sent(harness), call_states(harness)) == ([free], ["done", "held"])

    become(harness, "new", parked)
    release(harness, order)
    release(harness, order)
    harness.run()
    assert sent(harness) == [free, parked]
    assert harness.positions() == {"A": ("completed",)}


def test_another_order_is_not_released(harness: Harness) -> None:
    order, (parked,) = queued(harness, 1)
    become(harness, "parked", parked)
    harness.run()
    become(harness, "new", parked)
    [other] = harness.place("B")
    release(harness, other)
    assert call_states(harness) == ["held"]
    with harness.session() as session:
        pause(session, names=["out"], now=harness.now)
    release(harness, order)
    harness.run()
    assert (sent(harness), call_states(harness)) == ([], ["held"])
    with harness.session() as session:
        resume(session, names=["out"], now=harness.now)
    harness.run()
    assert sent(harness) == [parked]


def test_a_call_in_flight_is_not_touched(harness: Harness) -> None:
    _, (item,) = queued(harness, 1)

    def park_meanwhile(instance: str, calls: Sequence[Call]) -> Sequence[CallResult]:
        become(harness, "parked", item)
        return harness.provider.answer(instance, calls)

    harness.provider.respond = park_meanwhile
    harness.run()
    assert (sent(harness), call_states(harness)) == ([item], ["done"])
    assert harness.positions() == {"A": ("completed",)}


def test_a_retry_is_postponed_and_keeps_its_attempts(harness: Harness) -> None:
    order, (item,) = queued(harness, 1)
    harness.provider.errors[str(item)] = ProviderDown("it is down", where="east")
    harness.run()
    harness.provider.errors.clear()
    become(harness, "parked", item)
    harness.advance_clock(hours=1)
    harness.run()
    held = harness.rows("SELECT state, attempts FROM orchestration.provider_call")
    assert held == [("held", 1)]

    become(harness, "gone", item)
    release(harness, order)
    harness.run()
    assert (sent(harness), call_states(harness)) == ([item, item], ["done"])


def test_an_impossible_call_is_canceled_and_its_flow_run_continues(harness: Harness) -> None:
    _, (gone, other) = queued(harness, 1, 2)
    become(harness, "gone", gone)
    harness.run()
    assert (sent(harness), call_states(harness)) == ([other], ["canceled", "done"])
    assert harness.positions() == {"A": ("completed",)}


def test_an_impossible_call_whose_token_is_locked_is_canceled_later(harness: Harness) -> None:
    _, (gone,) = queued(harness, 1)
    become(harness, "gone", gone)
    with harness.session() as session:
        execute(session, "SELECT id FROM orchestration.token FOR UPDATE")
        harness.run_call_worker()

    assert call_states(harness) == ["ready"]
    harness.advance_clock(seconds=2)
    harness.run()
    assert (sent(harness), call_states(harness)) == ([], ["canceled"])
    assert harness.positions() == {"A": ("completed",)}


def test_a_step_does_not_request_what_is_impossible(harness: Harness) -> None:
    skipping = {**SEND, "to": {"succeeded": "on", "skipped": "end"}}
    harness.flow("out", skipping, action("on"))
    [order, other] = harness.place("A", "B", items=[1, 2])
    become(harness, "gone", *items(harness, order), items(harness, other)[0])
    harness.run()
    assert sent(harness) == [items(harness, other)[1]]
    assert harness.history("A") == ["send: skipped"]
    assert harness.entries("A")[0]["reason"] == "nothing to send: the item is gone"
    assert harness.history("B") == ["send: succeeded", "on: succeeded"]


def test_locked_calls_are_made_after_the_transaction(harness: Harness) -> None:
    order, (item,) = queued(harness, 1)
    with harness.session() as session:
        roots = [order]
        assert lock_calls(session, entity="item", entity_ids=[item], root_ids=roots) == set()
        assert harness.run_call_worker() == 0

    harness.run()
    assert sent(harness) == [item]
    with harness.session() as session:
        harness.execute("UPDATE orchestration.provider_call SET state = 'leased'")
        assert lock_calls(session, entity="item", entity_ids=[item], root_ids=roots) == set()


def test_a_release_during_a_claim_is_not_lost(harness: Harness) -> None:
    """The guard locks what it has read, so that the release comes after the call is held."""
    order, (item,) = queued(harness, 1)
    become(harness, "parked", item)

    def unpark() -> None:
        with harness.session() as session:
            statement = "UPDATE public.sample_item SET state = 'new' WHERE id = %s"
            execute(session, statement, (item,))
            release_calls(session, [order], now=harness.now)

    thread = Thread(target=unpark)
    with harness.session() as session:
        execute(session, "SELECT id FROM public.sample_item FOR SHARE")
        thread.start()
        harness.run_call_worker()
        assert call_states(harness) == ["held"]

    thread.join(30)
    harness.run()
    assert sent(harness) == [item]
