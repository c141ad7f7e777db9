"""How to reach ZooKeeper: the options that all commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from zktools._engine.arguments import check_path
from zktools.cli.durations import DURATION
from zktools.cli.tool import Command, Option, ParamType

F = TypeVar("F", bound=Callable[..., Any])

#: The root of all locks, unless it is said where else.
LOCKS = "/ZktoolsLocks"

#: Roots by the names that ``--root`` takes for them.
ROOTS = {
    "locks": LOCKS,
    "semaphores": "/ZktoolsSemaphores",
    "elections": "/ZktoolsElections",
}

#: Variables of the environment that hold what lets in, and nothing else.
SECRET_VARIABLES = ("ZOOKY_AUTH", "ZOOKY_KEY_PASSWORD", "ZOOKY_SASL_PASSWORD")

_KEPT = "zktools.cli.settings"
_CONNECTION = "Connection"
_PREFIX = "connection_"  # no command's own parameter begins so


@dataclass(frozen=True)
class Settings:
    """What the options and the environment say."""

    host: str
    lock_root: str
    chroot: str | None
    auth: tuple[tuple[str, str], ...] = field(repr=False)
    tls: bool
    ca: str | None
    cert: str | None
    key: str | None
    key_password: str | None = field(repr=False)
    no_verify: bool
    check_hostname: bool
    sasl_mechanism: str | None
    sasl_username: str | None
    sasl_password: str | None = field(repr=False)
    sasl_service: str | None
    sasl_principal: str | None
    connect_timeout: float
    session_timeout: float

    @property
    def secrets(self) -> list[str]:
        """What must not be shown: credentials whole, and the passwords in them."""
        credentials = [credentials for _, credentials in self.auth]
        passwords = [each.partition(":")[2] for each in credentials]
        found = [*credentials, *passwords, self.key_password, self.sasl_password]
        return [each for each in found if each]

    @property
    def hosts(self) -> str:
        """The connection string, chroot included."""
        chroot = (self.chroot or "").rstrip("/")
        return self.host.rstrip("/") + chroot


def connection_options(command: Callable[..., Any] | click.Command) -> Any:
    """Give a command the options; only the most used ones appear in its help."""
    for option in reversed(_options()):
        option.hidden = not {"--host", "--lock-root"} & set(option.opts)
        _add(command, option)
    return command


def all_connection_options(group: click.Command) -> click.Command:
    """Give the whole tool the options, to be written before the command's name."""
    group.params.extend(_options())
    return group


def _add(command: Any, option: click.Option) -> None:
    if isinstance(command, Command):
        command.params.append(option)
        return
    if not hasattr(command, "__click_params__"):
        command.__click_params__ = []
    command.__click_params__.append(option)


def settings_of(ctx: click.Context) -> Settings:
    """What was said before the command's name and after it; the command line wins."""
    kept = ctx.meta.get(_KEPT, {})
    return Settings(**{name: value for name, (_, value) in kept.items()})


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    assert param.name is not None
    said = ctx.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
    field = param.name.removeprefix(_PREFIX)
    kept = ctx.meta.setdefault(_KEPT, {})
    if said or not kept.get(field, (False, None))[0]:
        kept[field] = (said, value)


def _lock_root(ctx: click.Context, param: click.Parameter, value: str) -> None:
    try:
        _keep(ctx, param, check_path(ROOTS.get(value, value), "--lock-root"))
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


class _Credentials(ParamType):
    """``scheme:credentials``, such as ``digest:user:password``."""

    name = "scheme:credentials"

    def split_envvar_value(self, rv: str) -> list[str]:
        """One line each: a password may hold spaces, at which click would split."""
        return rv.splitlines()

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """The scheme, and what is behind its colon."""
        if isinstance(value, tuple):
            return value
        scheme, colon, credentials = str(value).partition(":")
        if not (scheme and colon and credentials):
            # Without the value: it may be a password.
            self.fail("write scheme:credentials, such as digest:user:password", param, ctx)
        return scheme, credentials


def _options() -> list[Option]:
    return [*_where(), *_tls(), *_sasl(), *_patience()]


def _where() -> list[Option]:
    return [
        _option(
            "--host",
            envvar="ZOOKEEPER_HOSTS",
            show_envvar=True,
            default="localhost:2181",
            metavar="HOST:PORT[,...][/CHROOT]",
            help="The ensemble.",
        ),
        _option(
            "--lock-root",
            "--root",
            default=LOCKS,
            metavar="PATH",
            callback=_lock_root,
            help="The folder of all locks; also the word semaphores, or elections.",
        ),
        _option("--chroot", metavar="PATH", help="Work below this node."),
        _option(
            "--auth",
            multiple=True,
            type=_Credentials(),
            envvar="ZOOKY_AUTH",
            show_envvar=True,
            metavar="digest:USER:PASSWORD",
            help="Log in; may be given several times, in the environment one a line.",
        ),
    ]


def _tls() -> list[Option]:
    return [
        _option("--tls", is_flag=True, envvar="ZOOKY_TLS", help="Use TLS."),
        _file("--ca", "Certificates to trust (PEM)."),
        _file("--cert", "Your certificate (PEM)."),
        _file("--key", "Your key (PEM)."),
        _secret("--key-password", "Of the key."),
        _option("--no-verify", is_flag=True, help="Trust any certificate."),
        _option("--check-hostname", is_flag=True, help="The certificate must name the host."),
    ]


def _sasl() -> list[Option]:
    return [
        _option(
            "--sasl-mechanism",
            envvar="ZOOKY_SASL_MECHANISM",
            metavar="NAME",
            help="DIGEST-MD5 or GSSAPI; needs pure-sasl.",
        ),
        _option(
            "--sasl-username", envvar="ZOOKY_SASL_USERNAME", metavar="NAME", help="Of DIGEST-MD5."
        ),
        _secret("--sasl-password", "Of DIGEST-MD5."),
        _option("--sasl-service", metavar="NAME", help="Of GSSAPI."),
        _option("--sasl-principal", metavar="NAME", help="Of GSSAPI."),
    ]


def _patience() -> list[Option]:
    return [
        _option(
            "--connect-timeout",
            type=DURATION,
            default="10s",
            help="How long to try to reach the ensemble.",
        ),
        _option(
            "--session-timeout",
            type=DURATION,
            default="10s",
            help="Silence after which the server ends the session; it has limits of its own.",
        ),
    ]


def _option(name: str, *others: str, **kwargs: Any) -> Option:
    kwargs.setdefault("callback", _keep)
    kwargs.setdefault("show_default", kwargs.get("default") is not None)
    field = _PREFIX + name.strip("-").replace("-", "_")
    return Option([name, *others, field], expose_value=False, section=_CONNECTION, **kwargs)


def _file(name: str, help_text: str) -> Option:
    variable = "ZOOKY_" + name.strip("-").upper()
    return _option(
        name,
        type=click.Path(exists=True, dir_okay=False),
        envvar=variable,
        metavar="FILE",
        help=help_text,
    )


def _secret(name: str, help_text: str) -> Option:
    variable = "ZOOKY_" + name.strip("-").replace("-", "_").upper()
    return _option(
        name,
        envvar=variable,
        show_envvar=True,
        metavar="TEXT",
        help=f"{help_text} Others see command lines: better in the environment.",
    )
