"""What changes payments. Every function locks the orders it changes, and works on many."""
