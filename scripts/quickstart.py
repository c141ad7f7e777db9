"""Run the first Python example of README.rst, in whatever environment this is started.

The example's server, 127.0.0.1:2181, is replaced by a real one of our own.
"""

import os
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from textwrap import dedent
from typing import Any

from zktools.testing import Clients, Server

README = Path(__file__).parents[1] / "README.rst"
READERS_SERVER = "127.0.0.1:2181"


def first_example(text: str) -> str:
    """The first ``code-block:: python`` of a reST document."""
    found = re.search(r"^\.\. code-block:: python\n\n((?:(?: {3}.*)?\n)+)", text, re.MULTILINE)
    if found is None:
        sys.exit(f"{README} has no Python example")
    return dedent(found[1])


def main() -> None:
    """Run it; an exception in it is our failure."""
    example = first_example(README.read_text(encoding="utf-8"))
    with ExitStack() as stack:
        hosts = os.environ.get("ZKTOOLS_TEST_HOSTS") or stack.enter_context(Server()).hosts
        clients = stack.enter_context(Clients(hosts, name="quickstart"))
        example = example.replace(READERS_SERVER, hosts + clients.chroot)
        names: dict[str, Any] = {}
        exec(compile(example, str(README), "exec"), names)  # noqa: S102
        names["zk"].stop()


if __name__ == "__main__":
    main()
