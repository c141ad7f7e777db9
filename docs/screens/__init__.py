"""Screens of zooky for the documentation; ``python -m docs.screens`` captures them anew."""
