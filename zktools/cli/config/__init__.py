"""``zooky config``: look at a configuration, change it, move it in and out of files."""
