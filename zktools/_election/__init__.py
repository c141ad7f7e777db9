"""Elections: a queue of candidates, and a live view of who is first in it."""
