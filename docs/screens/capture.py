"""Runs a command in a terminal and keeps what is on the screen."""

from __future__ import annotations

import html
import io
import os
import pty
import re
import subprocess
import sys
import threading

from rich.console import Console
from rich.text import Text

COLUMNS = 110

Run = tuple[str, str, int]
"""A command line, what it printed, and its exit status."""


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


def picture(name: str, screens: list[Run]) -> str:
    """Command lines with their outputs and statuses as one picture."""
    console = Console(width=COLUMNS, record=True, file=io.StringIO())
    for line, output, status in screens:
        console.print(Text(f"$ {line}", style="bold green"))
        console.print(Text.from_ansi(output.rstrip("\n")))
        if status:
            console.print(Text("$ echo $?", style="bold green"))
            console.print(Text(str(status)))
    svg = console.export_svg(title="zooky", unique_id=name)
    # The fonts would be fetched from the network; every browser has one for terminals.
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


_TEXT = re.compile(r'<text [^>]*clip-path="([^"]*)"[^>]*>(.*?)</text>', re.DOTALL)


def words(svg: str) -> list[str]:
    """What a picture says, line by line, but for numbers and widths: those are others each time."""
    lines: dict[str, list[str]] = {}
    for line, text in _TEXT.findall(svg):
        lines.setdefault(line, []).append(html.unescape(text))
    said = [re.sub(r"0x[0-9a-f]+|<?\d[\d.:]*", "0", "".join(texts)) for texts in lines.values()]
    return [" ".join(each.split()) for each in said]
