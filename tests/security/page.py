"""The set-ups of docs/security.rst: what a reader copies from there is what the tests run."""

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.rst").read_text(encoding="utf-8")
FOLDER = "/etc/zookeeper"  # where readers keep the server's files


def block(name):
    """The text of the code block with this name."""
    found = re.search(
        rf"^\.\. code-block:: \w+\n    :name: {name}\n\n((?:(?: {{4}}.*)?\n)+)", PAGE, re.MULTILINE
    )
    assert found, f"docs/security.rst has no code block named {name}"
    return dedent(found[1]).strip() + "\n"


def settings(name, folder):
    """The ``name=value`` lines of a block, with the reader's folder replaced."""
    lines = block(name).replace(FOLDER, str(folder)).splitlines()
    return dict(line.split("=", 1) for line in lines)


def run_commands(name, folder):
    """Type a block of commands into a shell in `folder`; what they print."""
    lines = [line.removeprefix("$ ") for line in block(name).splitlines()]
    done = subprocess.run(
        ["sh", "-e", "-c", "\n".join(lines)],
        cwd=folder,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def run_zooky(command, folder, **environment):
    """Run a line that begins with ``zooky`` in `folder`."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def run_program(name, **replacements):
    """Run a Python block; its names afterwards. Texts in it are replaced as told."""
    text = block(name)
    for old, new in replacements.items():
        assert old in text, f"{old} is not in the block {name}"
        text = text.replace(old, new)
    names = {}
    exec(compile(text, f"docs/security.rst ({name})", "exec"), names)  # noqa: S102
    return names
