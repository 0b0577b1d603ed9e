"""Products, units, price lists, accounts, currencies: what orders refer to."""
