"""What a run would make, keep and retire, and what it costs; never spends."""
