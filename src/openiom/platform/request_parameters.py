"""Path and query parameters: names that contain slashes, and only parameters that exist.

A server decodes `A%2F5` to `A/5` before it looks for a route, so a name with a slash would be two
segments of the path. `name_safe_path` keeps the slash encoded until the route is found.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote

from fastapi import Request
from fastapi.routing import APIRoute
from pydantic import BaseModel

from openiom.kernel import Invalid, Problem

OWN_API = "/api/v1/"
"""The API that is not defined by a published contract."""


def name_safe_path(raw_path: bytes) -> str:
    """Return a path decoded, except that slashes and percent signs within a segment stay encoded.

    `decode_path_parameters` decodes them in the parameters of the route.
    """
    segments = []
    for segment in raw_path.decode("ascii", "replace").split("/"):
        segments.append(unquote(segment).replace("%", "%25").replace("/", "%2F"))
    return "/".join(segments)


async def decode_path_parameters(request: Request) -> None:
    """Decode what `name_safe_path` kept encoded, before the parameters are validated."""
    decoded = {}
    for name, value in request.path_params.items():
        is_text = isinstance(value, str)
        decoded[name] = value.replace("%2F", "/").replace("%25", "%") if is_text else value

    request.scope["path_params"] = decoded


async def refuse_unknown_parameters(request: Request) -> None:
    """Raise `Invalid` when a read of the own API has a query parameter that its route ignores."""
    if request.method != "GET" or not request.url.path.startswith(OWN_API):
        return

    route = request.scope.get("route")
    if request.query_params and isinstance(route, APIRoute):
        _check_names(request.query_params, query_parameters(route))


def _check_names(sent: Iterable[str], known: Sequence[str]) -> None:
    """Raise `Invalid` with a problem for each parameter that is not known."""
    unknown = [name for name in sent if name not in known]
    if not unknown:
        return

    remedy = _remedy(known)
    problems: list[Problem] = []
    for name in unknown:
        problems.append(Problem(f"query.{name}", f"there is no parameter {name}", remedy))

    raise Invalid(
        f"unknown query parameter {unknown[0]}",
        where=problems[0].where,
        problems=problems,
        remedy=remedy,
    )


def _remedy(known: Sequence[str]) -> str:
    if not known:
        return "send none; this route has no parameters"
    return f"use {', '.join(known)}"


def query_parameters(route: APIRoute) -> list[str]:
    """Return the names of the query parameters of a route and its dependencies, sorted."""
    names: set[str] = set()
    dependants = [route.dependant]
    while dependants:
        dependant = dependants.pop()
        dependants += dependant.dependencies
        for field in dependant.query_params:
            names.update(_names_of(field))
    return sorted(names)


def _names_of(field: Any) -> list[str]:
    """Return the names of a parameter: of a model, those of its fields."""
    model = field.field_info.annotation
    if not isinstance(model, type) or not issubclass(model, BaseModel):
        return [field.alias]
    return [info.alias or name for name, info in model.model_fields.items()]
