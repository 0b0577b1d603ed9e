"""The towns that maps show, from the offline table of the geocoder."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from openiom.platform.geocoding import Area, largest_towns
from openiom.platform.http import CurrentPrincipal, Router

MOST_TOWNS = 200

router = Router(prefix="/api/v1", tags=["maps"])

Longitude = Annotated[float, Query(ge=-180, le=180)]
Latitude = Annotated[float, Query(ge=-90, le=90)]


class TownOnMap(BaseModel):
    """A town; coordinates in degrees."""

    name: str
    country: str
    latitude: float
    longitude: float


class Towns(BaseModel):
    """The largest towns of an area, largest first."""

    towns: list[TownOnMap]


@router.get("/towns")
def read_towns(
    principal: CurrentPrincipal,
    west: Longitude = -180,
    south: Latitude = -90,
    east: Longitude = 180,
    north: Latitude = 90,
    limit: Annotated[int, Query(ge=1, le=MOST_TOWNS)] = 60,
) -> Towns:
    """Return the largest towns between meridians and parallels, by default of the whole world."""
    found = largest_towns(Area(west, south, east, north), limit=limit)
    towns = [TownOnMap.model_validate(town, from_attributes=True) for town in found]
    return Towns(towns=towns)
