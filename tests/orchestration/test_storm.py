"""Several workers, calls that die half way, duplicates of the log: every order gets through once."""

from pathlib import Path
from random import Random
from threading import Thread

from tests.orchestration.toys import DOWN, Toys, action

from openiom.orchestration import ProviderCallWorker, StepWorker
from openiom.platform.batches import is_transient
from openiom.platform.bulk import execute, fetch
from openiom.provider_contract import CallResult

PROMISES = sorted((Path(__file__).parents[2] / "invariants").glob("*.sql"))
OURS = [path for path in PROMISES if "orchestration." in path.read_text()]


def broken(toys: Toys) -> dict[str, list[tuple]]:
    with toys.database.reading() as session:
        found = {path.stem: fetch(session, path.read_text().replace("%", "%%")) for path in OURS}
    return {name: rows for name, rows in found.items() if rows}


def test_the_promises_notice_what_they_forbid(toys: Toys) -> None:
    assert len(OURS) == 5
    tell = {"id": "tell", "kind": "provider_action", "instance": "east", "action": "tell"}
    toys.flow("out", tell)
    toys.place("A", "B", "C", "D", "E")
    toys.run(toys.dispatcher, toys.steps)
    assert broken(toys) == {}
    with toys.database.unit_of_work() as session:
        ids = [
            row[0] for row in fetch(session, "SELECT id FROM orchestration.flow_run ORDER BY id")
        ]
        execute(session, "DELETE FROM orchestration.token WHERE run_id = %s", (ids[0],))
        execute(
            session, "UPDATE orchestration.flow_run SET state = 'failed' WHERE id = %s", (ids[1],)
        )
        execute(session, "DELETE FROM orchestration.provider_call WHERE run_id = %s", (ids[2],))
        execute(
            session,
            "UPDATE orchestration.provider_call SET state = 'leased' WHERE run_id = %s",
            (ids[3],),
        )
        execute(
            session, "UPDATE orchestration.token SET subject_id = id WHERE run_id = %s", (ids[4],)
        )
    assert set(broken(toys)) == {path.stem for path in OURS}


class Unsteady:
    """A provider whose caller dies before or after the call, or is told to come back, by the throw of a die."""

    def __init__(self, toys: Toys) -> None:
        self.random, self.call = Random(7), toys.provider.call

    def __call__(self, database, instance, action, calls):  # type: ignore[no-untyped-def]
        fate = self.random.random()
        if fate < 0.2:
            raise KeyboardInterrupt
        results = self.call(database, instance, action, calls)
        if fate < 0.4:
            raise KeyboardInterrupt
        return [CallResult(r.key, error=DOWN) if self.random.random() < 0.1 else r for r in results]


def work(toys: Toys, wrong: list[Exception]) -> None:
    """One worker process: its own turns, a few rounds of each; it dies where its calls die, and starts again."""
    workers = (
        (toys.dispatcher, 40),
        (StepWorker(toys.engine), 40),
        (ProviderCallWorker(toys.engine, random=Random(1)), 30),
    )
    for _ in range(12):
        for turn, limit in workers:
            try:
                turn.run_once(toys.database, limit=limit, now=toys.now)
            except KeyboardInterrupt:
                continue
            except Exception as error:
                wrong += [] if is_transient(error) else [error]


def storm_flow(toys: Toys) -> None:
    branches = [{"name": "east", "when": "true"}, {"name": "west", "when": "country == 'US'"}]
    split = {
        "id": "split",
        "kind": "splitter",
        "branches": branches,
        "to": {"east": "send", "west": "tell"},
    }
    stubborn = {"kind": "provider_action", "retry": {"max_attempts": 50}}
    send = {
        "id": "send",
        "instance": "east",
        "action": "send",
        "for_each": "item",
        "to": {"succeeded": "merge"},
    }
    tell = {"id": "tell", "instance": "west", "action": "tell"}
    wait = {"id": "wait", "kind": "wait", "events": ["item.shipped", "order.approved"]}
    merge = {"id": "merge", "kind": "merge"}
    toys.flow("storm", split, stubborn | send, stubborn | tell, wait, merge, action("z"))


def test_a_storm_of_workers_kills_and_rereads_brings_every_order_through_once(toys: Toys) -> None:
    storm_flow(toys)
    toys.provider.call = Unsteady(toys)  # type: ignore[method-assign]
    orders = toys.place(*[f"N{i}" for i in range(200)], items=[1, 2])
    toys.happen("order.approved", *orders[:100])
    wrong: list[Exception] = []
    for round in range(40):
        workers = [Thread(target=work, args=(toys, wrong)) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        toys.later(minutes=20)
        if round == 1:
            toys.happen("order.approved", *orders[100:])
            with toys.database.unit_of_work() as session:
                execute(session, "UPDATE platform.event_consumer SET xid = '0', event_id = 0")
        elif toys.rows(
            "SELECT count(*) FROM orchestration.flow_run WHERE state <> 'completed'"
        ) == [(0,)]:
            break
    assert wrong == []
    assert toys.rows("SELECT state, count(*) FROM orchestration.flow_run GROUP BY 1") == [
        ("completed", 200)
    ]
    assert toys.ran() == {("count", f"N{i}"): 1 for i in range(200)}
    assert len(toys.provider.effects) == 600
    assert toys.rows("SELECT state, count(*) FROM orchestration.provider_call GROUP BY 1") == [
        ("done", 600)
    ]
    told = "SELECT count(*) FROM platform.business_event WHERE name IN ('item.sent', 'order.told')"
    assert toys.rows(told) == [(600,)]
    assert broken(toys) == {}
