"""The script that takes pictures of every page."""

from scripts.page_pictures import ROUTES, route_paths, variants, without_items


def test_every_route_of_the_ui_is_visited() -> None:
    source = ROUTES.read_text(encoding="utf-8")
    paths = route_paths(source)
    assert len(paths) == source.count("lazyPage(() =>")
    assert {"", "orders", "orders/:id", "simulations/compare", "settings/api-tokens"} <= set(paths)


def test_each_page_is_looked_at_in_twelve_ways() -> None:
    names = [variant.name for variant in variants()]
    assert len(set(names)) == len(names) == 12
    assert {"light-full-1440", "dark-empty-390"} <= set(names)


def test_an_empty_page_has_no_rows_and_no_next_page() -> None:
    body = {"items": [{"id": 1}], "next": "abc", "states": {"new": 3}, "limit": 10}
    assert without_items(body) == {"items": [], "next": None, "states": {"new": 0}, "limit": 10}
    assert without_items([1, 2]) == []
