"""``python -m zktools.cli`` is ``zooky``."""

from zktools.cli import main

main()
