"""A carrier over HTTP: says what it would bill for a parcel.

Owns    a tariff: zones by distance, prices by zone and weight, surcharges for fuel and homes.
Holds   the same shipment has the same rates; every answer is counted.
Tells   nothing by itself.
"""

from .application import CarrierOptions, carrier_application

__all__ = ["CarrierOptions", "carrier_application"]
