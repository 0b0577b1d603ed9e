"""`python -m openiom_simulators store|warehouse|lab|carrier|payments`."""

from openiom_simulators.command_line import main

main()
