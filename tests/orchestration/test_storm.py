"""Several workers, calls that die half way, duplicates of the log: every order gets through once."""

from pathlib import Path
from random import Random
from threading import Thread

from tests.orchestration.toys import DOWN, Toys, action

from openiom.orchestration import ProviderCallTurn, StepWave
from openiom.platform.bulk import execute, fetch
from openiom.platform.waves import is_transient

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
        ids = [row[0] for row in fetch(session, "SELECT id FROM orchestration.journey ORDER BY id")]
        execute(session, "DELETE FROM orchestration.token WHERE journey_id = %s", (ids[0],))
        execute(session, "UPDATE orchestration.journey SET state = 'failed' WHERE id = %s", (ids[1],))
        execute(session, "DELETE FROM orchestration.provider_action WHERE journey_id = %s", (ids[2],))
        execute(session, "UPDATE orchestration.provider_action SET state = 'leased' WHERE journey_id = %s", (ids[3],))
        execute(session, "UPDATE orchestration.token SET subject_id = id WHERE journey_id = %s", (ids[4],))
    assert set(broken(toys)) == {path.stem for path in OURS}


def test_a_storm_of_workers_kills_and_rereads_brings_every_order_through_once(toys: Toys) -> None:
    split = {
        "id": "split",
        "kind": "splitter",
        "branches": [{"name": "east", "when": "true"}, {"name": "west", "when": "country == 'US'"}],
        "to": {"east": "send", "west": "tell"},
    }
    send = {"id": "send", "kind": "provider_action", "instance": "east", "action": "send", "for_each": "item"}
    tell = {"id": "tell", "kind": "provider_action", "instance": "west", "action": "tell", "retry": {"max_attempts": 9}}
    wait = {"id": "wait", "kind": "wait", "events": ["item.shipped", "order.approved"]}
    toys.flow(
        "storm",
        split,
        {**send, "to": {"succeeded": "merge"}},
        tell,
        wait,
        {"id": "merge", "kind": "merge"},
        action("z"),
    )
    random = Random(7)
    call = toys.provider.call

    def unsteady(database, instance, action, calls):  # type: ignore[no-untyped-def]
        fate = random.random()
        if fate < 0.2:
            raise KeyboardInterrupt
        results = call(database, instance, action, calls)
        if fate < 0.4:
            raise KeyboardInterrupt
        return [type(r)(r.key, error=DOWN) if random.random() < 0.1 else r for r in results]

    toys.provider.call = unsteady  # type: ignore[method-assign]
    orders = toys.place(*[f"N{i}" for i in range(300)], items=[1, 2])
    toys.happen("order.approved", *orders[:150])

    def work() -> None:
        steps, calls = StepWave(toys.engine), ProviderCallTurn(toys.engine, random=Random(1))
        for _ in range(25):
            for turn, limit in ((toys.dispatcher, 40), (steps, 40), (calls, 30)):
                try:
                    turn.run_once(toys.database, limit=limit, now=toys.now)
                except KeyboardInterrupt:
                    continue
                except Exception as error:
                    assert is_transient(error)

    for round in range(30):
        workers = [Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        toys.later(minutes=20)
        if round == 1:
            toys.happen("order.approved", *orders[150:])
            with toys.database.unit_of_work() as session:
                execute(session, "UPDATE platform.event_consumer SET xid = '0', event_id = 0")
        if toys.rows("SELECT count(*) FROM orchestration.journey WHERE state <> 'completed'") == [(0,)] and round > 1:
            break
    assert toys.rows("SELECT state, count(*) FROM orchestration.journey GROUP BY 1") == [("completed", 300)]
    assert toys.ran() == {("count", f"N{i}"): 1 for i in range(300)}
    assert len(toys.provider.effects) == 900
    assert toys.rows("SELECT state, count(*) FROM orchestration.provider_action GROUP BY 1") == [("done", 900)]
    assert toys.rows("SELECT count(*) FROM platform.business_event WHERE name IN ('item.sent', 'order.told')") == [
        (900,)
    ]
    assert broken(toys) == {}
