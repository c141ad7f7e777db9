"""``zooky web``: pages for a browser that show all of this, live, and change nothing."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any, TypeVar

import click

from zktools.cli.config.opening import KEY, PATH, codec_option
from zktools.cli.connection import connected
from zktools.cli.durations import interval_option
from zktools.cli.output import aside, say
from zktools.cli.problems import Problem
from zktools.cli.settings import connection_options
from zktools.cli.statuses import Status
from zktools.cli.tool import Command, Option
from zktools.values import Codec

#: What the extra installs beside zooky's own, as it is imported.
_EXTRA = {"jinja2", "starlette", "uvicorn"}
F = TypeVar("F", bound=Callable[..., Any])

_LOOPBACK = "127.0.0.1"


def _offered(name: str, what: str) -> Callable[[F], F]:
    return click.option(
        f"--{name}",
        f"{name}_paths",
        cls=Option,
        type=PATH,
        multiple=True,
        metavar="PATH",
        help=f"Offer {what}; may be given several times. Any other can be typed in.",
    )


@click.command(
    cls=Command,
    examples=[
        "zooky web --config /config/shop --group /shop/workers",
        "ssh -L 8090:localhost:8090 ops1 zooky web    # to see it from another machine",
    ],
)
@click.option(
    "--bind",
    cls=Option,
    default=_LOOPBACK,
    show_default=True,
    metavar="ADDRESS",
    help="Where to listen. Whoever reaches it sees what your credentials see.",
)
@click.option(
    "--port",
    cls=Option,
    type=click.IntRange(0, 65535),
    default=8090,
    show_default=True,
    help="0 for any that is free.",
)
@click.option(
    "--allow-host",
    "names",
    cls=Option,
    multiple=True,
    metavar="NAME",
    help="A name by which browsers reach it, beside localhost and addresses: that of a proxy, say.",
)
@interval_option("Between two looks at what somebody looks at.")
@_offered("group", "this group")
@_offered("partitions", "these partitions")
@_offered("config", "this configuration, beside those that have a history")
@click.option(
    "--secret",
    "secrets",
    cls=Option,
    type=KEY,
    multiple=True,
    metavar="KEY",
    help="Never show this key or section of a configuration, nor those that a history marks.",
)
@codec_option
@connection_options
def web(
    *,
    bind: str,
    port: int,
    names: tuple[str, ...],
    interval: float,
    group_paths: tuple[str, ...],
    partitions_paths: tuple[str, ...],
    config_paths: tuple[str, ...],
    secrets: tuple[str, ...],
    codec: Codec[Any],
) -> None:
    """Serve pages to look at with a browser.

    Locks, semaphores and elections with their queues, who waits for whom, groups, partitions,
    configurations with their history: live, and to read only. Nothing can be changed there. It
    needs the extra zktools[web]. Ends with Ctrl-C.

    It listens on this machine alone unless --bind says otherwise: there is no login, and the pages
    are not encrypted. What an ACL keeps from you is marked, not shown.
    """
    try:
        from zktools.cli.web.options import Options  # noqa: PLC0415 - as below
        from zktools.cli.web.serving import Serving  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] not in _EXTRA:
            raise
        raise Problem(
            Status.USAGE, "zooky web needs its extra: pip install 'zktools[web]'"
        ) from error
    offered = {
        "groups": group_paths,
        "partitions": partitions_paths,
        "configuration": config_paths,
    }
    options = Options(interval, (bind, *names), offered, frozenset(secrets), codec)
    with _listening(bind, port) as listening, connected() as connection:
        address, number = listening.getsockname()[:2]
        if not ipaddress.ip_address(address).is_loopback:
            aside(
                f"whoever reaches {address} sees what your credentials see, without a login and "
                "unencrypted; a proxy in front of it can ask for one"
            )
        host = f"[{address}]" if ":" in address else address
        hosts = connection.settings.hosts
        say(f"http://{host}:{number}/ shows {hosts}, to read only; Ctrl-C ends it")
        Serving(connection, options).run(listening)


def _listening(bind: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((bind, port), family=family)
    except OSError as error:
        raise Problem(
            Status.USAGE,
            f"cannot listen on {bind}, port {port}: {error.strerror}; try another --port",
        ) from error
