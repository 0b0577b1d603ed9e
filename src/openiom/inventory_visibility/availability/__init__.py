"""What may be promised: now, by day, by channel and by variant."""
