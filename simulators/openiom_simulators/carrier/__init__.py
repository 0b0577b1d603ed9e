"""A carrier over HTTP that quotes rates for parcels.

Owns        a tariff: zones by distance, prices by zone and weight, surcharges for fuel and homes.
Guarantees  the same shipment has the same rates; every rate request is recorded.
Publishes   nothing.
"""

from .application import CarrierOptions, carrier_application

__all__ = ["CarrierOptions", "carrier_application"]
