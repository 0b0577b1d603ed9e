"""The desk: all a provider may import, all it must supply; what a room offers to flows."""
