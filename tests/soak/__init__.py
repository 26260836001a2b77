"""Hours of everything at once: kills, faults, random examples, load. `make soak` runs it, from a seed."""
