"""Runs a command in a terminal and keeps what is on the screen."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS = 110


class Terminal:
    """A pseudo-terminal; what is written to it is collected."""

    def __init__(self, environment: dict[str, str], folder: str) -> None:
        self._folder = folder
        self._environment = {
            **os.environ,
            "COLUMNS": str(COLUMNS),
            "TERM": "xterm-256color",
            **environment,
        }

    def run(self, line: str, answer: str = "") -> tuple[str, int]:
        """Run zooky with a command line as one types it; what it printed, and its exit status."""
        leader, follower = pty.openpty()
        collected: list[bytes] = []
        reader = threading.Thread(target=_collect, args=(leader, collected, answer.encode()))
        process = subprocess.Popen(
            ["sh", "-c", f'zooky() {{ {sys.executable} -m zktools.cli "$@"; }}; {line}'],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env=self._environment,
            cwd=self._folder,
            start_new_session=True,
        )
        os.close(follower)
        reader.start()
        status = process.wait()
        reader.join()
        os.close(leader)
        return b"".join(collected).decode().replace("\r\n", "\n"), status


def _collect(leader: int, collected: list[bytes], answer: bytes) -> None:
    while True:
        try:
            data = os.read(leader, 65536)
        except OSError:  # how Linux says that nobody has the other end open any more
            return
        if not data:
            return
        collected.append(data)
        if answer and b"".join(collected).endswith(b"[y/N]: "):
            os.write(leader, answer)
            answer = b""


def save(name: str, screens: list[tuple[str, str, int]]) -> Path:
    """Write command lines with their outputs and statuses as one picture."""
    console = Console(width=COLUMNS, record=True, file=io.StringIO())
    for line, output, status in screens:
        console.print(Text(f"$ {line}", style="bold green"))
        console.print(Text.from_ansi(output.rstrip("\n")))
        if status:
            console.print(Text("$ echo $?", style="bold green"))
            console.print(Text(str(status)))
    svg = console.export_svg(title="zooky", unique_id=name)
    # The fonts would be fetched from the network; every browser has one for terminals.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    path = Path(__file__).parent / f"{name}.svg"
    path.write_text(svg, encoding="utf-8")
    return path
