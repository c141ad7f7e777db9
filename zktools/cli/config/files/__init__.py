"""Configurations as files: the formats, and what of a tree each of them can express."""
