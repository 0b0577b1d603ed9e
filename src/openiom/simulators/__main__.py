"""`python -m openiom.simulators store|warehouse|lab|carrier`."""

from openiom.simulators.command_line import main

main()
