"""Mutation tests of the decision modules: `python -m scripts.mutate --sample 200`.

Each mutant changes one operator, constant or condition of a module that decides without I/O. The
tests that reach the changed line run against it; a mutant is caught when one of them fails or does
not end in time. The share of caught mutants says how much of the behavior the tests state exactly.

A line that carries the comment `pragma: no mutate` is left out.
"""
