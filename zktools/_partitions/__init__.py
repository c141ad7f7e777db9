"""Items shared out among a fleet: a group of members, and one lock for each item."""
