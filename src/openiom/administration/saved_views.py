"""Saved views of lists: each principal has its own, in every browser."""

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from openiom.kernel import Invalid
from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router, WriteSession

from .models import SavedView

MAX_VIEWS = 30
"""Most views of one list that a principal can save."""

router = Router(prefix="/api/v1/saved-views", tags=["administration"])
ListName = Annotated[str, StringConstraints(pattern="^[a-z][a-z-]*$", max_length=50)]
ViewName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Parameter = Annotated[str, StringConstraints(max_length=200)]


class SavedViewBody(BaseModel):
    """A view of a list: the parameters of its address, without those of paging."""

    model_config = ConfigDict(extra="forbid")

    list: ListName
    name: ViewName
    parameters: dict[Parameter, Parameter] = Field(max_length=40)


class SavedViews(BaseModel):
    items: list[SavedViewBody]


@router.get("")
def read_views(
    principal: CurrentPrincipal,
    session: ReadSession,
    list: Annotated[ListName, Query(description="The list whose views are returned")],
) -> SavedViews:
    """Your views of a list, in the order in which they were saved."""
    query = (
        select(SavedView)
        .where(SavedView.owner == principal.name, SavedView.list == list)
        .order_by(SavedView.saved_at, SavedView.name)
    )
    views = session.scalars(query)
    return SavedViews(
        items=[
            SavedViewBody(list=view.list, name=view.name, parameters=view.parameters)
            for view in views
        ]
    )


@router.put("")
def save_view(
    body: SavedViewBody, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> SavedViewBody:
    """Save a view under a name; it replaces your older one of that name."""
    view = session.get(SavedView, (principal.name, body.list, body.name))
    if view is None:
        _check_number(session, principal.name, body.list)
        view = _new_view(principal.name, body, now)
        session.add(view)

    view.parameters = body.parameters
    return body


@router.delete("", status_code=204)
def delete_view(
    principal: CurrentPrincipal,
    session: WriteSession,
    list: Annotated[ListName, Query()],
    name: Annotated[ViewName, Query()],
) -> None:
    """Delete one of your views; it is no error when it does not exist."""
    session.execute(
        delete(SavedView).where(
            SavedView.owner == principal.name, SavedView.list == list, SavedView.name == name
        )
    )


def _new_view(owner: str, body: SavedViewBody, now: datetime) -> SavedView:
    return SavedView(
        owner=owner, list=body.list, name=body.name, parameters=body.parameters, saved_at=now
    )


def _check_number(session: Session, owner: str, list: str) -> None:
    query = (
        select(func.count())
        .select_from(SavedView)
        .where(SavedView.owner == owner, SavedView.list == list)
    )
    if session.scalars(query).one() >= MAX_VIEWS:
        raise Invalid(
            f"there are {MAX_VIEWS} saved views of this list already",
            where="name",
            remedy="delete one that you no longer use",
        )
