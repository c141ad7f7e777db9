"""One real ZooKeeper server on loopback."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self

from zktools.testing._configuration import Settings, java_command, write_configuration
from zktools.testing._install import find_zookeeper
from zktools.testing._lifetime import Lifetime
from zktools.testing._ports import LOOPBACK, Port, claim_port
from zktools.testing._probe import end_session, four_letter
from zktools.testing._process import Process
from zktools.testing._statistics import parse_mntr, parse_watches
from zktools.testing._waiting import wait_until

_LOG = logging.getLogger("zktools.testing")
_TAIL = 15  # lines of a server's log that an error repeats


class ServerError(RuntimeError):
    """A server did not start, or is not in the state that a call needs.

    The message has the path of the server's log and its last lines.
    """


class Server(Lifetime):
    """A real ZooKeeper server, in a Java process of its own, on a free port of loopback.

    ::

        with Server() as server:
            client = KazooClient(server.hosts)

    Its data are in a temporary folder. `stop()`, the end of the ``with`` block and the end of
    this process, even by ``kill -9``, end the server and remove the folder; a ``with`` block left
    by an error keeps the folder and logs its path.

    Args:
        tick: ZooKeeper's unit of time, in seconds. Sessions end on a multiple of it, so a short
            tick makes short timeouts exact. A production server's is 2.0.
        min_session_timeout: the shortest session timeout it grants, in seconds; two ticks unless
            given.
        max_session_timeout: the longest, in seconds.
        options: more lines for ``zoo.cfg``, by name; they win over ours.
        jvm_options: more Java system properties (``-Dname=value``), by name; they win over ours.
            TLS and SASL are set up here and in `options`.
        start_timeout: seconds that starting may take.
        parent: the folder in which to make its own; the system's for temporary files unless given.
        port: the TCP port for clients; a free one unless given.

    Raises:
        ValueError: a duration is not positive.
    """

    def __init__(
        self,
        *,
        tick: float = 0.2,
        min_session_timeout: float | None = None,
        max_session_timeout: float = 60.0,
        options: Mapping[str, object] | None = None,
        jvm_options: Mapping[str, object] | None = None,
        start_timeout: float = 30.0,
        parent: Path | None = None,
        port: int | None = None,
    ) -> None:
        self._settings = Settings(
            tick=tick,
            min_session_timeout=min_session_timeout,
            max_session_timeout=max_session_timeout,
            options=dict(options or {}),
            jvm_options=dict(jvm_options or {}),
            start_timeout=start_timeout,
        )
        self._parent = parent
        self._wanted_port = port
        self._port: Port | None = None
        self._folder: Path | None = None
        self._process: Process | None = None
        self._paused = False
        self._undisturbed = False

    # -- where it is

    @property
    def port(self) -> int:
        """The TCP port for clients; stays the same until `stop()`."""
        if self._port is None:
            raise ServerError("the server is not started")
        return self._port.number

    @property
    def hosts(self) -> str:
        """The connection string, ``"127.0.0.1:<port>"``."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def folder(self) -> Path:
        """The temporary folder with its configuration, data and log."""
        if self._folder is None:
            raise ServerError("the server is not started")
        return self._folder

    @property
    def log(self) -> Path:
        """The file with its output."""
        return self.folder / "server.log"

    @property
    def pid(self) -> int | None:
        """The process id of its Java; None while it does not run."""
        return self._process.pid if self._process and self.is_running else None

    @property
    def is_running(self) -> bool:
        """True while its process exists, paused or not."""
        return self._process is not None and self._process.is_running()

    @property
    def is_paused(self) -> bool:
        """True between `pause()` and `resume()`."""
        return self._paused and self.is_running

    # -- life

    def start(self) -> Self:
        """Start it with no data, and wait until it serves.

        Raises:
            ZooKeeperNotFoundError: there is nothing to start on this machine.
            ServerError: it runs already, or did not come up.
            OSError: the port it was to have is in use.
        """
        self._prepare()
        try:
            self._launch()
            self.wait_ready()
        except BaseException as error:
            self.stop(keep_folder=isinstance(error, Exception))
            raise
        return self

    def stop(self, *, keep_folder: bool = False) -> None:
        """End it, give up its port and remove its folder. May be called again.

        Args:
            keep_folder: leave the folder if there is a log in it, and log its path as a warning.
        """
        self.kill()
        if self._port is not None:
            self._port.release()
        if self._folder is not None and keep_folder and self.log.exists():
            _LOG.warning("kept the log of a ZooKeeper server: %s", self.log)
        elif self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._port = self._folder = None

    def kill(self) -> None:
        """Crash it (SIGKILL). It keeps its port and its data, for `restart()`."""
        if self._process is not None:
            self._process.kill()
        self._paused = self._undisturbed = False

    def restart(self, *, wait: bool = True, max_session_timeout: float | None = None) -> None:
        """Start it again, with the data and the port it had; crash it first if it still runs.

        Args:
            max_session_timeout: the longest that it grants from now on, in seconds, as when its
                configuration was changed.
            wait: return when it serves, not before. A member of an ensemble serves only once
                there is a quorum.

        Raises:
            ServerError: it was never started, or did not come up again.
            ValueError: the duration is not positive.
        """
        self.kill()
        if max_session_timeout is not None:
            self._settings = replace(self._settings, max_session_timeout=max_session_timeout)
        self._launch()
        if wait:
            self.wait_ready()

    def pause(self) -> None:
        """Make it stand still (SIGSTOP): connections stay open, nothing is answered.

        Nothing to do if it does so already.

        Raises:
            ServerError: it does not run.
        """
        self._running_process().pause()
        self._paused = True
        self._undisturbed = False

    def resume(self) -> None:
        """Let it go on after `pause()`.

        Raises:
            ServerError: it does not run.
        """
        self._running_process().resume()
        self._paused = False

    def heal(self) -> None:
        """Undo `pause()` and `kill()`, and wait until it serves; costs nothing if all is well."""
        if self.is_paused:
            self.resume()
        if not self.is_running:
            self.restart()
        elif not self._undisturbed:
            self.wait_ready()

    def wait_ready(self, timeout: float | None = None) -> None:
        """Wait until it serves: until a session can be opened and closed again.

        Args:
            timeout: seconds; `start_timeout` unless given.

        Raises:
            ServerError: it has ended, or does not serve in time.
        """
        limit = self._settings.start_timeout if timeout is None else timeout
        start = time.monotonic()
        try:
            wait_until(lambda: self._serves(time.monotonic() - start), limit)
        except TimeoutError:
            raise ServerError(f"ZooKeeper does not serve after {limit} s; {self._tail()}") from None
        self._undisturbed = True

    # -- what it says of itself

    def command(self, word: str, timeout: float = 2.0) -> str:
        """Send a four-letter word and return the answer; see `four_letter`."""
        return four_letter(self.hosts, word, timeout)

    def mntr(self) -> dict[str, int | float | str]:
        """Its monitoring figures: ``zk_watch_count``, ``zk_packets_received`` and many more."""
        return parse_mntr(self.command("mntr"))

    def watches(self) -> dict[str, set[int]]:
        """The ids of the sessions that watch each path."""
        return parse_watches(self.command("wchp"))

    # -- inside

    def _prepare(self) -> None:
        """Take what has to be known before any member of an ensemble can start."""
        if self._port is not None:
            raise ServerError("the server is started already")
        self._port = claim_port(self._wanted_port)
        self._folder = Path(tempfile.mkdtemp(prefix="zktools-zookeeper-", dir=self._parent))

    def _peers(self) -> list[str]:
        """Return the lines of the configuration that name the ensemble."""
        return []

    def _launch(self) -> None:
        file = write_configuration(self._settings, self.folder, self.port, self._peers())
        command = java_command(find_zookeeper(), self._settings, file)
        self._process = Process(command, self.folder, self.log)

    def _serves(self, waited: float) -> bool:
        self._running_process()
        # A connection made while the server starts may never be answered, so the first attempts
        # are short; a busy one may need longer.
        try:
            end_session(self.hosts, timeout=min(max(0.1, waited), 5.0))
        except OSError:
            return False
        return True

    def _running_process(self) -> Process:
        if self._process is None or not self._process.is_running():
            raise ServerError(f"ZooKeeper does not run; {self._tail()}")
        return self._process

    def _tail(self) -> str:
        if self._folder is None or not self.log.exists():
            return "it was never started"
        lines = self.log.read_text(errors="replace").splitlines()[-_TAIL:]
        return "\n  ".join([f"the log {self.log} ends with:", *lines])

    def __repr__(self) -> str:
        state = "paused" if self.is_paused else "running" if self.is_running else "stopped"
        where = self.hosts if self._port is not None else "no port"
        return f"<{type(self).__name__} {where} {state} pid={self.pid}>"
