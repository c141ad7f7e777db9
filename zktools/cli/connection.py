"""From the options to a connected client, and out again."""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import click
from kazoo.client import KazooClient
from kazoo.protocol.states import KeeperState

from zktools._engine.session import Session, session_of
from zktools.cli.problems import Problem, debugging
from zktools.cli.settings import LOCKS, ROOTS, Settings, settings_of
from zktools.cli.statuses import Status
from zktools.handlers import ThreadingHandler

_GLANCE = 0.05  # seconds between two looks at a client that is connecting
_FAREWELL = 1.0  # seconds to say goodbye to a server that may not answer


@dataclass(frozen=True)
class Connection:
    """A started client and what belongs to it."""

    client: KazooClient
    session: Session
    settings: Settings

    def at_root(self, root: str) -> Connection:
        """The same, with this root in the place of that of locks."""
        return replace(self, settings=replace(self.settings, lock_root=root))

    def lock_folder(self, name: str) -> str:
        """The folder of a lock."""
        return f"{self.settings.lock_root.removesuffix('/')}/{name}"

    def line(self, words: str) -> str:
        """The command line of another command about the same locks, to advise."""
        root = self.settings.lock_root
        if root == LOCKS:
            return f"zooky {words}"
        return f"zooky {words} --root {next((w for w in ROOTS if ROOTS[w] == root), root)}"


@contextmanager
def connected() -> Iterator[Connection]:
    """Connect as the current command's options say; disconnect at the end."""
    settings = settings_of(click.get_current_context())
    with quiet_logs(settings.secrets) as heard:
        client = make_client(settings)
        try:
            _start(client, settings, heard)
            session = session_of(client)
            _check_chroot(session)
            yield Connection(client, session, settings)
        finally:
            disconnect(client)


def make_client(settings: Settings) -> KazooClient:
    """A client that is not started."""
    hosts = settings.hosts
    if settings.sasl_mechanism and importlib.util.find_spec("puresasl") is None:
        raise Problem(Status.USAGE, "SASL needs pure-sasl: pip install pure-sasl")
    try:
        return KazooClient(
            hosts,
            timeout=settings.session_timeout,
            handler=ThreadingHandler(),
            auth_data=list(settings.auth),
            sasl_options=_sasl_options(settings),
            use_ssl=settings.tls,
            ca=settings.ca,
            certfile=settings.cert,
            keyfile=settings.key,
            keyfile_password=settings.key_password,
            verify_certs=not settings.no_verify,
            check_hostname=settings.check_hostname,
            connection_retry={"max_tries": -1, "delay": 0.1, "max_delay": 1.0},
        )
    except ValueError as error:
        raise Problem(
            Status.USAGE, f"--host {hosts!r} is not HOST:PORT[,HOST:PORT...][/CHROOT]: {error}"
        ) from error


def disconnect(client: KazooClient) -> None:
    """End the session; where the server does not answer, leave it to its timeout."""

    def stop() -> None:
        try:
            client.stop()
            client.close()
        except Exception:
            logging.getLogger("zktools.cli").debug("stopping the client", exc_info=True)

    stopping = threading.Thread(target=stop, daemon=True)
    stopping.start()
    stopping.join(_FAREWELL)


def _sasl_options(settings: Settings) -> dict[str, str] | None:
    if not settings.sasl_mechanism:
        return None
    options = {
        "mechanism": settings.sasl_mechanism,
        "username": settings.sasl_username,
        "password": settings.sasl_password,
        "service": settings.sasl_service,
        "principal": settings.sasl_principal,
    }
    return {name: value for name, value in options.items() if value is not None}


def _start(client: KazooClient, settings: Settings, heard: list[str]) -> None:
    live = client.start_async()
    left = settings.connect_timeout
    while not live.wait(min(_GLANCE, left)):
        left -= _GLANCE
        if client.client_state == KeeperState.AUTH_FAILED:
            raise Problem(Status.DENIED, "the login was refused; check --auth, --sasl-* and --cert")
        if left <= 0:
            raise Problem(Status.UNREACHABLE, _unreachable(settings, heard))


def _unreachable(settings: Settings, heard: list[str]) -> str:
    cause = f" ({heard[-1]})" if heard else ""
    return (
        f"ZooKeeper does not answer at {settings.host} within {settings.connect_timeout:g} s"
        f"{cause}; check --host or ZOOKEEPER_HOSTS, and that it runs"
        f"{' with TLS' if settings.tls else ''}"
    )


def _check_chroot(session: Session) -> None:
    client = session.client
    if client.chroot and session.wait(client.exists_async("/"), "looking for the chroot") is None:
        raise Problem(
            Status.MISSING, f"the chroot {client.chroot} does not exist; check --host and --chroot"
        )


class _LastWords(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it: the newest of kazoo's warnings tells why a connection cannot be made."""
        self._heard.append(record.getMessage().splitlines()[0])
        del self._heard[:-1]


class _Redacting(logging.Formatter):
    """Writes logs, also those of a library that logs a login as it sends it, without secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__(logging.BASIC_FORMAT)
        # As they are, and as repr() writes them: of text, and of the bytes that are sent.
        written = {
            form
            for secret in secrets
            for form in (secret, repr(secret)[1:-1], repr(secret.encode())[2:-1])
        }
        self._hidden = sorted(written, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """The line, and a traceback below it."""
        text = super().format(record)
        for each in self._hidden:
            text = text.replace(each, "***")
        return text


@contextmanager
def quiet_logs(secrets: Iterable[str] = ()) -> Iterator[list[str]]:
    """Keep the libraries' logs off the terminal, unless wanted there; answer the last warning."""
    heard: list[str] = []
    loggers = [logging.getLogger(name) for name in ("kazoo", "zktools")]
    before = [(logger, logger.propagate, logger.level) for logger in loggers]
    handler: Any = _LastWords(heard)
    if debugging():
        logging.basicConfig(level=logging.DEBUG)
        for each in logging.getLogger().handlers:
            each.setFormatter(_Redacting(secrets))
    for logger in loggers:
        logger.propagate = debugging()
        logger.addHandler(handler)
    try:
        yield heard
    finally:
        for logger, propagate, level in before:
            logger.propagate = propagate
            logger.setLevel(level)
            logger.removeHandler(handler)
