"""The language of a customer, derived from the country of delivery."""

from collections.abc import Mapping
from typing import Any

_COUNTRIES = {
    "de": "DE AT LI",
    "es": "ES MX AR CO CL PE EC GT CU BO DO HN PY SV NI CR PA UY VE",
    "fr": "FR MC SN CI",
}
_LANGUAGES = {
    country: language for language, countries in _COUNTRIES.items() for country in countries.split()
}


def language_of(order: Mapping[str, Any]) -> str:
    """Return a language code. Orders state no language; English is for all other countries."""
    address = order.get("ship_to") or {}
    return _LANGUAGES.get(str(address.get("country") or ""), "en")
