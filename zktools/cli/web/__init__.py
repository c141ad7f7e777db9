"""``zooky web``: what zooky shows, as pages for a browser. They read, and change nothing."""
