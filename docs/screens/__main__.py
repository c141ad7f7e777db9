"""Capture the screens and the helps: ``python -m docs.screens [FOLDER]``."""

from __future__ import annotations

import socket
import sys
import tempfile
from pathlib import Path

from docs.screens.capture import Terminal, picture
from docs.screens.help import helps
from docs.screens.scene import scene

HERE = Path(__file__).parent

# One picture each: its name, the command lines, and what is typed when they ask.
SCREENS: dict[str, list[tuple[str, str]]] = {
    "list": [("zooky list", "")],
    "show": [("zooky show nightly-report", "")],
    "top": [("zooky top --once", "")],
    "run": [
        ("zooky run migration -v -- sh -c 'echo fencing token $ZKTOOLS_TOKEN; exit 3'", ""),
        ("zooky run nightly-report --timeout 500ms -- ./report.sh", ""),
    ],
    "config": [
        ("zooky config list /config/shop", ""),
        ("cat shop.yaml", ""),
        ("zooky config import /config/shop shop.yaml", "y\n"),
    ],
    "revoke": [
        ("zooky revoke nightly-report --grace 10s", "y\n"),
        ("zooky remove nightly-report", ""),
    ],
    "errors": [
        ("zooky show nightly-reprot", ""),
        ("zooky list --host localhost:1 --connect-timeout 1s", ""),
        ("zooky wait nightly-report --timeout 1s", ""),
    ],
}
FILES = {
    "shop.yaml": "db:\n  host: db2.example.com\n  pool_size: 10\ndebug: true\n",
    "report.sh": "#!/bin/sh\n",
}


def capture(into: Path) -> None:
    """Write every picture."""
    # The programs of the scene live in this process: the name of the machine is nobody's business.
    socket.gethostname = lambda: "web-1"
    with scene() as hosts, tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            file = Path(folder) / name
            file.write_text(text, encoding="utf-8")
            file.chmod(0o755)
        terminal = Terminal({"ZOOKEEPER_HOSTS": hosts}, folder)
        for name, lines in SCREENS.items():
            runs = [(line, *terminal.run(line, answer)) for line, answer in lines]
            (into / f"{name}.svg").write_text(picture(name, runs), encoding="utf-8")


def main() -> None:
    """Write every picture and every help, or only the pictures into a folder that is given."""
    if len(sys.argv) > 1:
        capture(Path(sys.argv[1]))
        return
    for path, text in helps():
        path.write_text(text, encoding="utf-8")
    capture(HERE)


if __name__ == "__main__":
    main()
