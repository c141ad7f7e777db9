"""zooky, the operator's command: ``pip install 'zktools[cli]'``, then ``zooky --help``."""

from __future__ import annotations

import sys

#: What the extra installs, as it is imported.
_EXTRA = {"click", "rich", "tomli_w", "yaml"}
_FAILED = 8  # Status.FAILED, which cannot be imported where click is missing


def main() -> None:
    """Run the command line; end the process with one of `zktools.cli.statuses`."""
    try:
        from zktools.cli.app import zooky  # noqa: PLC0415 - the extra may be missing
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        sys.stderr.write("zooky needs the command line extra: pip install 'zktools[cli]'\n")
        sys.exit(_FAILED)
    zooky(prog_name="zooky")
