"""A real ZooKeeper ensemble on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from zktools.testing._lifetime import Lifetime
from zktools.testing._mesh import Mesh, Ports
from zktools.testing._ports import LOOPBACK, Port, claim_port
from zktools.testing._server import Server, ServerError
from zktools.testing._waiting import wait_until


class Member(Server):
    """One server of an `Ensemble`. Everything a `Server` can do, it can.

    Attributes:
        id: its number in the ensemble, counted from 1.
    """

    def __init__(self, ensemble: Ensemble, number: int, **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type] # checked by Ensemble's signature
        self._ensemble = ensemble
        self.id = number
        self._quorum_ports: list[Port] = []

    @property
    def mode(self) -> str | None:
        """``"leader"`` or ``"follower"``; None while it does not serve."""
        if not self.is_running or self.is_paused:
            return None
        try:
            answer = self.command("srvr")
        except OSError:
            return None
        modes = (line[6:] for line in answer.splitlines() if line.startswith("Mode: "))
        return next(modes, None)

    def isolate(self, *, half_open: bool = False) -> None:
        """Part it from the other members until `Ensemble.heal`; clients reach it as before.

        Nobody is told: its cable is pulled, and all ends stay open and silent. A leader goes on
        answering what it can answer alone, until it misses its followers (``syncLimit`` ticks).

        Args:
            half_open: the others' ends are reset, so that they elect another leader at once, while
                this one knows nothing.

        Raises:
            ServerError: the ensemble was not made with ``cables=True``, or is not started.
        """
        self._ensemble._network.isolate(self.id, half_open=half_open)  # noqa: SLF001 - our own class

    def stop(self, *, keep_folder: bool = False) -> None:
        """See `Server.stop`. A member that was stopped has left for good; `kill` crashes one."""
        super().stop(keep_folder=keep_folder)
        while self._quorum_ports:
            self._quorum_ports.pop().release()

    def _prepare(self) -> None:
        super()._prepare()
        self._quorum_ports = [claim_port(), claim_port()]
        data = self.folder / "data"
        data.mkdir()
        (data / "myid").write_text(str(self.id))

    def _peers(self) -> list[str]:
        return [self._line(member) for member in self._ensemble.members]

    def _line(self, other: Member) -> str:
        mesh = self._ensemble._mesh  # noqa: SLF001 - our own class
        if mesh is None or other is self:
            quorum, election = other._listens
        else:
            quorum, election = mesh.ports(self.id, other.id)
        return f"server.{other.id}={LOOPBACK}:{quorum}:{election}"

    @property
    def _listens(self) -> Ports:
        return Ports(*(port.number for port in self._quorum_ports))


class Ensemble(Lifetime):
    """Several real servers that form one ZooKeeper, on loopback.

    ::

        with Ensemble() as ensemble:
            client = KazooClient(ensemble.hosts)
            ensemble.leader().kill()

    Args:
        size: how many servers; a majority of them must run for the ensemble to serve.
        tick: as for `Server`, in seconds; so are the others.
        min_session_timeout: as for `Server`.
        max_session_timeout: as for `Server`.
        options: as for `Server`.
        jvm_options: as for `Server`.
        start_timeout: as for `Server`.
        parent: as for `Server`.
        cables: let what members say to each other go through cables of ours, which
            `Member.isolate` pulls.

    Attributes:
        members: the servers, each with `Server`'s `~Server.kill`, `~Server.pause`,
            `~Server.resume` and `~Server.restart`, and with `~Member.isolate`.

    Raises:
        ValueError: a duration is not positive, or the size is not.
    """

    def __init__(
        self,
        size: int = 3,
        *,
        tick: float = 0.2,
        min_session_timeout: float | None = None,
        max_session_timeout: float = 60.0,
        options: Mapping[str, object] | None = None,
        jvm_options: Mapping[str, object] | None = None,
        start_timeout: float = 30.0,
        parent: Path | None = None,
        cables: bool = False,
    ) -> None:
        if size < 1:
            raise ValueError(f"size must be at least 1, not {size}")
        self.members = tuple(
            Member(
                self,
                number,
                tick=tick,
                min_session_timeout=min_session_timeout,
                max_session_timeout=max_session_timeout,
                options=options,
                jvm_options=jvm_options,
                start_timeout=start_timeout,
                parent=parent,
            )
            for number in range(1, size + 1)
        )
        self._cables = cables
        self._mesh: Mesh | None = None

    @property
    def hosts(self) -> str:
        """The connection string with all members."""
        return ",".join(member.hosts for member in self.members)

    def start(self) -> Self:
        """Start all members with no data, and wait until every one serves.

        Raises:
            ZooKeeperNotFoundError: there is nothing to start on this machine.
            ServerError: they run already, or one did not come up.
        """
        try:
            for member in self.members:
                member._prepare()  # noqa: SLF001 - each has to know all the others' ports
            if self._cables:
                self._mesh = Mesh({member.id: member._listens for member in self.members})  # noqa: SLF001
            for member in self.members:
                member._launch()  # noqa: SLF001
            self.wait_ready()
        except BaseException as error:
            self.stop(keep_folder=isinstance(error, Exception))
            raise
        return self

    def stop(self, *, keep_folder: bool = False) -> None:
        """End all members; see `Server.stop`."""
        with ExitStack() as stack:
            mesh, self._mesh = self._mesh, None
            if mesh is not None:
                stack.callback(mesh.close)
            for member in self.members:
                stack.callback(member.stop, keep_folder=keep_folder)

    def heal(self) -> None:
        """Rejoin what is isolated, resume what is paused, restart what is dead.

        Waits until all members serve. Costs nothing if all is well.
        """
        if self._mesh is not None and self._mesh.disturbed:
            self._mesh.heal()
            for member in self.members:
                member._undisturbed = False  # noqa: SLF001
        if all(member.is_running and member._undisturbed for member in self.members):  # noqa: SLF001
            return
        for member in self.members:
            if member.is_paused:
                member.resume()
            elif not member.is_running:
                member.restart(wait=False)
        self.wait_ready()

    def wait_ready(self, timeout: float | None = None) -> None:
        """Wait until every member serves.

        Args:
            timeout: seconds for each; `start_timeout` unless given.

        Raises:
            ServerError: one has ended, or does not serve in time.
        """
        for member in self.members:
            member.wait_ready(timeout)

    def leader(self, timeout: float = 10.0) -> Member:
        """Return the member that leads, waiting while an election goes on.

        Args:
            timeout: seconds to wait for a leader.

        Raises:
            ServerError: none leads in time.
        """
        try:
            return wait_until(self._leader, timeout)
        except TimeoutError:
            raise ServerError(f"no leader after {timeout} s among {self.members}") from None

    def followers(self, timeout: float = 10.0) -> list[Member]:
        """Return the members that follow the leader at this moment.

        Args:
            timeout: seconds to wait for a leader.

        Raises:
            ServerError: none leads in time.
        """
        self.leader(timeout)
        return [member for member in self.members if member.mode == "follower"]

    @property
    def _network(self) -> Mesh:
        if self._mesh is None:
            raise ServerError("the ensemble has no cables: make it with cables=True, and start it")
        return self._mesh

    def _leader(self) -> Member | None:
        return next((member for member in self.members if member.mode == "leader"), None)

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def __getitem__(self, index: int) -> Member:
        return self.members[index]

    def __repr__(self) -> str:
        return f"<Ensemble {list(self.members)}>"
