"""Fleets in which zktools, kazoo and Apache Curator take turns in one queue.

    python -m tests.mixed --grants 3000

Each member is a process of its own, that acquires, enters the place that the lock protects, and
leaves it again, over and over. The place is a file with a lock of the operating system's on it:
who finds it taken has found a hole. That lock goes with its process, so kills leave nothing.
"""
