"""What both engines stand on, knowing neither: a client's session, its wire, its threads."""
