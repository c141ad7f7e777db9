"""One place in a queue, from entering it to leaving. Knows nothing of live paths."""
