"""Words every room speaks. No I/O, no framework, no clock."""
