"""A throw-away ZooKeeper until Ctrl-C: ``python -m zktools.testing [--port 2181]``."""

from __future__ import annotations

import argparse
import sys
import threading

from zktools.testing import Server, ServerError, ZooKeeperNotFoundError


def main() -> None:
    """Start it, say where it is, wait for Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m zktools.testing",
        description="Start a real ZooKeeper on 127.0.0.1, empty, and end it with Ctrl-C.",
    )
    parser.add_argument("--port", type=int, default=2181, help="0 for a free one; %(default)s")
    port: int = parser.parse_args().port
    try:
        with Server(port=port or None, tick=2.0) as server:
            print(f"ZooKeeper is at {server.hosts}; end it with Ctrl-C", flush=True)  # noqa: T201
            threading.Event().wait()
    except KeyboardInterrupt:
        pass
    except OSError as error:
        sys.exit(f"error: port {port} cannot be used ({error.strerror}): choose another by --port")
    except (ServerError, ZooKeeperNotFoundError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
