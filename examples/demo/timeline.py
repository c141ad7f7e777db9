"""Shows what happens, as it happens: a line for each event, a lane for each process."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

LANE = 17  # columns
COLOURS = ("cyan", "magenta", "yellow")
# What a lane looks like between events, and the events that make it so.
BARS = {
    "idle": "·",
    "waiting": "┊",
    "holding": "┃",
    "reading": "║",
    "unsure": "?",
    "standing": "✕",
    "dead": " ",
}
BECOMES = {
    "waits": "waiting",
    "asks": "waiting",
    "holds": "holding",
    "reads": "reading",
    "releases": "idle",
    "is refused": "idle",
    "is stopped": "standing",
    "wakes up": "unsure",
    "is killed": "dead",
    "ready": "idle",
}
EMPHASIS = {
    "holds": "bold",
    "reads": "bold",
    "writes": "bold green",
    "is asked": "bold",
    "is killed": "bold red",
    "is stopped": "bold red",
    "is refused": "bold green",
}


@dataclass(frozen=True)
class Event:
    """Something that happened: to whom, what, and when (seconds, monotonic)."""

    who: str
    what: str
    at: float
    token: int | None = None
    value: str | None = None


class Timeline:
    """Prints scenes, events and claims."""

    def __init__(self, names: tuple[str, ...], began: float) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._names = names
        self._began = began
        self._state = dict.fromkeys(names, "idle")

    def heading(self, text: str, facts: str) -> None:
        """Print what this is."""
        self._console.print(Text(text, style="bold"))
        self._console.print(Text(facts, style="dim"))

    def scene(self, title: str) -> None:
        """Print the title of what comes next, and whose lane is whose."""
        self._console.print()
        self._console.print(Text(title, style="bold underline"))
        line = Text(f"{'ms':>7}  ", style="dim")
        for name, colour in zip(self._names, COLOURS, strict=True):
            line.append(name.ljust(LANE), style=f"bold {colour}")
        line.append("token", style="dim")
        self._console.print(line)

    def show(self, event: Event) -> None:
        """Print one event in the lane of whom it happened to."""
        self._state[event.who] = BECOMES.get(event.what, self._state[event.who])
        line = Text(f"{(event.at - self._began) * 1000:7.0f}  ", style="dim")
        for name, colour in zip(self._names, COLOURS, strict=True):
            line.append(BARS[self._state[name]] + " ", style=colour)
            words = _words(event) if name == event.who else ""
            line.append(words.ljust(LANE - 2), style=f"{colour} {EMPHASIS.get(event.what, '')}")
        line.append(str(event.token or ""), style="dim")
        self._console.print(line)

    def claim(self, text: str, *, holds: bool) -> None:
        """Print a claim, and whether what was seen bears it out."""
        mark = Text("  ✔ ", style="bold green") if holds else Text("  ✘ ", style="bold red")
        self._console.print(mark.append(text, style="" if holds else "bold red"))

    def closing(self, text: str, holds: bool) -> None:
        """Print the result."""
        self._console.print()
        self._console.print(Text(text, style="bold green" if holds else "bold red"))


def _words(event: Event) -> str:
    return f"sees {event.value!r}" if event.value is not None else event.what
