"""``zooky run``: a command that runs only while a lock is held."""
