"""Read what a server's four-letter words answer."""

from __future__ import annotations


def parse_mntr(text: str) -> dict[str, int | float | str]:
    """Turn the lines of ``mntr`` into a mapping, with numbers where they are numbers."""
    pairs = (line.split("\t", 1) for line in text.splitlines() if "\t" in line)
    return {name: _number(value) for name, value in pairs}


def parse_watches(text: str) -> dict[str, set[int]]:
    """Turn the answer of ``wchp``, paths each followed by indented session ids, into a mapping."""
    watches: dict[str, set[int]] = {}
    sessions: set[int] = set()
    for line in text.splitlines():
        if line.startswith("/"):
            sessions = watches.setdefault(line, set())
        elif line.strip():
            sessions.add(int(line, 16))
    return watches


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
