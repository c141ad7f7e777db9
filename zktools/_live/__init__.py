"""A set of paths kept current, as of one moment. Knows nothing of queues."""
