"""How orders become plans: strategies, batches, and the backlog planned anew."""
