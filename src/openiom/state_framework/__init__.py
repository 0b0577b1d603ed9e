"""Engine: may this entity move? State, reason and transition as data."""
