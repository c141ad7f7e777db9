"""The fault campaign: real servers, real processes, faults aimed at whoever holds the lock.

``python -m tests.chaos --help``. Workers write what they do and believe into histories
(`history`), a nemesis deals faults from a seeded schedule (`schedule`, `faults`, `nemesis`), and
afterwards a checker that knows nothing of the code under test reads the histories (`holds`,
`checker`). `docs/reliability.rst` tells the claims and the limits.
"""
