"""Engine: flows, compiler, journeys, tokens, waits, provider actions."""
