"""Runs the examples of a documentation page, from top to bottom in one namespace.

Pages say ``127.0.0.1:2181``, as a reader's own server would be called; here that is replaced by the
address of the test's server, line numbers unchanged.
"""

import doctest
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from kazoo.client import KazooClient
from sybil.document import Document
from sybil.parsers.rest import CodeBlockParser, DocTestParser, PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).parents[2]
READERS_SERVER = "127.0.0.1:2181"
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
COMMAND_TIMEOUT = 30  # seconds


def pages():
    """Every page that may hold examples, as paths relative to the repository."""
    found = [*ROOT.glob("*.rst"), *ROOT.glob("docs/**/*.rst")]
    return sorted(str(page.relative_to(ROOT)) for page in found)


def run(page, hosts):
    """Run all examples of `page`; return how many there were. What fails raises."""
    text = (ROOT / page).read_text(encoding="utf-8").replace(READERS_SERVER, hosts)
    document = Document(text, page)
    for parser in parsers(hosts):
        for region in parser(document):
            document.add(region)
    try:
        return sum(1 for example in document.examples() if example.evaluate() is None)
    finally:
        close_all(document.namespace)


def parsers(hosts):
    """What counts as an example; CONTRIBUTING.rst describes it to authors."""
    console = CodeBlockParser("console", lambda example: run_console(example.parsed, hosts))
    return [SkipParser(), PythonCodeBlockParser(), DocTestParser(OPTIONS), console]


def run_console(block, hosts):
    """Run the ``$ zooky`` lines of a console example; say what differs from what it shows."""
    for command, shown in console_steps(block):
        if not command.startswith("zooky"):
            continue
        status, printed = run_command(command, hosts)
        if not shown.strip():
            if status:
                return f"$ {command}\n-- ended with status {status}:\n{printed}"
        elif not doctest.OutputChecker().check_output(shown, printed, OPTIONS):
            return f"$ {command}\n-- shown:\n{shown}\n-- printed:\n{printed}"
    return None


def console_steps(block):
    """Split a console example into pairs of a command and the output shown for it."""
    steps = []
    for line in block.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        elif line.startswith("> "):
            command, shown = steps.pop()
            steps.append((f"{command}\n{line[2:]}", shown))
        elif steps:
            steps[-1][1].append(line)
    return [(command, "\n".join(shown).strip("\n") + "\n") for command, shown in steps]


def run_command(command, hosts):
    """The exit status of `command`, and what it prints, on a terminal of 100 columns."""
    environment = os.environ | {
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "ZOOKEEPER_HOSTS": hosts,
    }
    done = subprocess.run(  # noqa: S602  a shell, as the reader has
        command,
        shell=True,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=COMMAND_TIMEOUT,
    )
    return done.returncode, done.stdout


def close_all(namespace):
    """Close the clients that the examples started, and their databases."""
    for value in namespace.values():
        if isinstance(value, KazooClient):
            value.stop()
        if isinstance(value, (KazooClient, sqlite3.Connection)):
            value.close()
