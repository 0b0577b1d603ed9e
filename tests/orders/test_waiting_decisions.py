"""Which waiting orders the available stock covers: whole orders, one source per line, fairly."""

from random import Random

import pytest

from openiom.kernel import new_id
from openiom.orders.backorder.decisions import (
    NO_REQUESTER,
    Available,
    Need,
    Placement,
    WaitingOrder,
    consume,
    covered_orders,
    short_lines,
)

WEB, MAIL = ("web", ""), ("mail", "")


def need(source: str = "", **parts: int) -> Need:
    return Need(new_id(), parts, source)


def order(*needs: Need, requester: tuple[str, str] = NO_REQUESTER) -> WaitingOrder:
    return WaitingOrder(new_id(), needs, requester)


def test_a_line_is_served_by_the_source_that_has_most_of_it() -> None:
    available: Available = {"LAMP": {"SEA": 4, "CHI": 6, "DAL": 5}}
    assert consume(available, need(LAMP=2)) == "CHI"
    assert available == {"LAMP": {"SEA": 4, "CHI": 4, "DAL": 5}}


def test_sources_that_serve_a_line_equally_often_are_compared_by_name() -> None:
    available: Available = {"LAMP": {"CHI": 7, "SEA": 6, "DAL": 5}}
    assert consume(available, need(LAMP=3)) == "SEA", "7 and 6 units both serve it twice"


def test_a_line_is_served_by_one_source_or_not_at_all() -> None:
    available: Available = {"LAMP": {"SEA": 3, "CHI": 3}}
    assert consume(available, need(LAMP=4)) == ""
    assert available == {"LAMP": {"SEA": 3, "CHI": 3}}


def test_exactly_enough_is_enough() -> None:
    available: Available = {"LAMP": {"SEA": 4}}
    assert consume(available, need(LAMP=4)) == "SEA"
    assert available == {"LAMP": {"SEA": 0}}
    assert consume(available, need(LAMP=1)) == ""


def test_an_assigned_source_is_the_only_candidate() -> None:
    available: Available = {"LAMP": {"SEA": 2, "CHI": 9}}
    assert consume(available, need("SEA", LAMP=2)) == "SEA"
    assert consume(available, need("SEA", LAMP=1)) == ""
    assert consume(available, need("DAL", LAMP=1)) == ""
    assert available == {"LAMP": {"SEA": 0, "CHI": 9}}


def test_a_kit_needs_all_of_its_parts_at_one_source() -> None:
    available: Available = {"LAMP": {"SEA": 9, "CHI": 2}, "DESK": {"CHI": 1, "DAL": 9}}
    kit = need(LAMP=2, DESK=1)
    assert consume(available, kit) == "CHI"
    assert available == {"LAMP": {"SEA": 9, "CHI": 0}, "DESK": {"CHI": 0, "DAL": 9}}
    assert consume(available, kit) == ""


@pytest.mark.parametrize("available", [{}, {"LAMP": {}}, {"LAMP": {"SEA": 0}}])
def test_a_product_without_stock_serves_nothing(available: Available) -> None:
    assert consume(available, need(LAMP=1)) == ""


def test_a_part_that_no_source_has_keeps_the_kit_short() -> None:
    assert consume({"LAMP": {"SEA": 9}}, need(LAMP=1, DESK=1)) == ""


def test_lines_of_an_order_share_the_stock_in_their_order() -> None:
    available: Available = {"LAMP": {"SEA": 5}}
    first, second, third = need(LAMP=3), need(LAMP=3), need(LAMP=2)
    assert short_lines(available, [first, second, third]) == [second.line_id]
    assert available == {"LAMP": {"SEA": 5}}, "nothing is used up by the question"


def test_an_order_whose_lines_all_fit_is_not_short() -> None:
    assert short_lines({"LAMP": {"SEA": 3}, "DESK": {"CHI": 1}}, [need(LAMP=3), need(DESK=1)]) == []


def test_orders_are_covered_first_come_first_served() -> None:
    available: Available = {"LAMP": {"SEA": 5}}
    orders = [order(need(LAMP=3)), order(need(LAMP=3)), order(need(LAMP=2))]
    placements = covered_orders({NO_REQUESTER: available}, orders)
    assert list(placements) == [orders[0].order_id, orders[2].order_id]
    assert available == {"LAMP": {"SEA": 0}}


def test_an_order_is_covered_with_all_of_its_lines_or_gives_everything_back() -> None:
    available: Available = {"LAMP": {"SEA": 5}, "DESK": {"CHI": 1}}
    both, desks = order(need(LAMP=5), need(DESK=2)), order(need(LAMP=5), need(DESK=1))
    placements = covered_orders({NO_REQUESTER: available}, [both, desks])
    assert placements == {
        desks.order_id: [Placement(desks.needs[0], "SEA"), Placement(desks.needs[1], "CHI")]
    }
    assert available == {"LAMP": {"SEA": 0}, "DESK": {"CHI": 0}}


def test_an_order_that_is_not_covered_leaves_the_stock_as_it_was() -> None:
    available: Available = {"LAMP": {"SEA": 5, "CHI": 2}}
    assert covered_orders({NO_REQUESTER: available}, [order(need(LAMP=4), need(LAMP=3))]) == {}
    assert available == {"LAMP": {"SEA": 5, "CHI": 2}}


def test_each_requester_is_served_from_its_own_view() -> None:
    views = {WEB: {"LAMP": {"SEA": 6}}, MAIL: {"LAMP": {"SEA": 2}}}
    mail, web = order(need(LAMP=4), requester=MAIL), order(need(LAMP=4), requester=WEB)
    assert list(covered_orders(views, [mail, web])) == [web.order_id]


def test_what_one_requester_gets_is_missing_in_every_other_view() -> None:
    views = {
        WEB: {"LAMP": {"SEA": 6, "CHI": 3}},
        MAIL: {"LAMP": {"SEA": 5}},
        NO_REQUESTER: {"LAMP": {"SEA": 2, "CHI": 3}, "DESK": {"SEA": 1}},
    }
    covered_orders(views, [order(need("SEA", LAMP=4), requester=WEB)])
    assert views == {
        WEB: {"LAMP": {"SEA": 2, "CHI": 3}},
        MAIL: {"LAMP": {"SEA": 1}},
        NO_REQUESTER: {"LAMP": {"SEA": 0, "CHI": 3}, "DESK": {"SEA": 1}},
    }


def test_a_view_without_the_product_or_source_is_left_alone() -> None:
    views = {WEB: {"LAMP": {"SEA": 6}}, MAIL: {"DESK": {"SEA": 5}}, NO_REQUESTER: {}}
    covered_orders(views, [order(need(LAMP=4), requester=WEB)])
    assert views[MAIL] == {"DESK": {"SEA": 5}}
    assert views[NO_REQUESTER] == {}


def test_an_order_that_needs_nothing_is_covered() -> None:
    nothing = order()
    assert covered_orders({NO_REQUESTER: {}}, [nothing]) == {nothing.order_id: []}


def random_order(random: Random) -> WaitingOrder:
    needs: list[Need] = []
    for _ in range(random.randint(1, 2)):
        products = random.sample(("x", "y"), random.randint(1, 2))
        needs.append(Need(new_id(), {product: random.randint(1, 4) for product in products}))
    return WaitingOrder(new_id(), needs)


def units_of(available: Available) -> dict[str, int]:
    return {product: sum(sources.values()) for product, sources in available.items()}


def needed(orders: list[WaitingOrder], product: str) -> int:
    total = 0
    for waiting in orders:
        total += sum(one.parts.get(product, 0) for one in waiting.needs)
    return total


def fits(available: Available, one: Need, source: str) -> bool:
    return all(available[product][source] >= units for product, units in one.parts.items())


def test_random_queues_release_what_is_available_and_leave_no_order_that_fits() -> None:
    random = Random(9)
    for _ in range(2_000):
        available: Available = {}
        for product in ("x", "y"):
            available[product] = {"A": random.randint(0, 6), "B": random.randint(0, 6)}

        orders = [random_order(random) for _ in range(6)]
        before = units_of(available)
        placements = covered_orders({NO_REQUESTER: available}, orders)
        covered = [waiting for waiting in orders if waiting.order_id in placements]
        after = units_of(available)

        for product in before:
            assert before[product] - after[product] == needed(covered, product)
            assert min(available[product].values()) >= 0

        for waiting in orders:
            if waiting not in covered and len(waiting.needs) == 1:
                assert not fits(available, waiting.needs[0], "A")
                assert not fits(available, waiting.needs[0], "B")
