"""The face for threads and greenlets, each of which holds for itself and may be blocked."""
