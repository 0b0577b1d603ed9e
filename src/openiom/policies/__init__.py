"""Engine: filter and execution policies as decision tables; transformations; its language/ is pure."""
