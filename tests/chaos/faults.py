"""The faults. A function for each kind of card; it returns when the fault is over.

What is broken is mended by the function itself. The name of a function is the card's `kind`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from kazoo.exceptions import KazooException

from tests.chaos.fleet import Crew
from tests.chaos.schedule import HOLDER, Card
from tests.chaos.schedule import storm as cards_of_storm
from tests.chaos.stage import Place, Stage
from zktools.testing import Hold, Op, Trap, expire_session, wait_until

_AIMS = 6  # attempts to stop a process while it still has the role it was chosen for
_CAUGHT = 2.0  # seconds to wait for a request of the kind that is to be lost

Fault = Callable[[Stage, Card, int], None]
FAULTS: dict[str, Fault] = {}


def fault(function: Fault) -> Fault:
    """Make it known by its name."""
    FAULTS[function.__name__] = function
    return function


def inflict(stage: Stage, card: Card, seed: int) -> None:
    """Let it happen. What hinders it, an election that takes long for instance, is written down."""
    try:
        FAULTS[card.kind](stage, card, seed)
    except Exception as error:  # noqa: BLE001 - the campaign goes on
        stage.journal.write("hindered", card=str(card), error=repr(error))


# -- processes


@fault
def pause(stage: Stage, card: Card, _seed: int) -> None:
    """SIGSTOP whoever has the role; it may be long past its session when it wakes."""
    crew = _stop(stage, card.role)
    try:
        stage.sleep(card.length)
    finally:
        crew.cont()


def _stop(stage: Stage, role: str) -> Crew:
    """Stop the process in this role, so that it still has it when it stands still."""
    for attempt in range(_AIMS):
        crew = stage.crew(role)
        crew.stop()
        place = stage.place(role, 0.3)
        if attempt == _AIMS - 1 or (place is not None and place.owner == crew.who):
            break
        crew.cont()
    return crew


@fault
def kill(stage: Stage, card: Card, _seed: int) -> None:
    """SIGKILL whoever has the role."""
    crew = _stop(stage, card.role)
    crew.kill()
    crew.cont()


@fault
def pause_everybody(stage: Stage, card: Card, _seed: int) -> None:
    """SIGSTOP all workers."""
    for crew in stage.fleet:
        crew.stop()
    stage.sleep(card.length)
    for crew in stage.fleet:
        crew.cont()


# -- servers


@fault
def kill_leader(stage: Stage, card: Card, _seed: int) -> None:
    """SIGKILL the leader; another is elected."""
    stage.ensemble.leader().kill()
    stage.sleep(card.length)
    stage.ensemble.heal()


@fault
def kill_follower(stage: Stage, card: Card, seed: int) -> None:
    """SIGKILL a follower; its clients move on."""
    followers = stage.ensemble.followers()
    followers[seed % len(followers)].kill()
    stage.sleep(card.length)
    stage.ensemble.heal()


@fault
def kill_server_of(stage: Stage, card: Card, _seed: int) -> None:
    """SIGKILL the server that the one in the role is connected to."""
    session = stage.crew(card.role).session
    for member in stage.ensemble:
        if session is not None and f"{session[0]:x}" in member.command("cons"):
            member.kill()
            break
    stage.sleep(card.length)
    stage.ensemble.heal()


@fault
def rolling_restart(stage: Stage, card: Card, _seed: int) -> None:
    """SIGKILL and restart each server in turn, the leader last."""
    members = [*stage.ensemble.followers(), stage.ensemble.leader()]
    for member in members:
        member.kill()
        stage.sleep(card.length)
        member.restart()


@fault
def lose_quorum(stage: Stage, card: Card, _seed: int) -> None:
    """SIGKILL two of three servers: nothing can be decided until one is back."""
    leader = stage.ensemble.leader()
    other = stage.ensemble.followers()[0]
    leader.kill()
    other.kill()
    stage.sleep(card.length)
    stage.ensemble.heal()


@fault
def pause_leader(stage: Stage, card: Card, _seed: int) -> None:
    """SIGSTOP the leader: connections stay open and nothing is answered."""
    stage.ensemble.leader().pause()
    stage.sleep(card.length)
    stage.ensemble.heal()


@fault
def pause_follower(stage: Stage, card: Card, seed: int) -> None:
    """SIGSTOP a follower."""
    followers = stage.ensemble.followers()
    followers[seed % len(followers)].pause()
    stage.sleep(card.length)
    stage.ensemble.heal()


# -- network


@contextmanager
def _aimed(stage: Stage, card: Card) -> Iterator[Crew]:
    """The worker in the card's role; a holder that means to hold for as long as the fault lasts."""
    if card.role != HOLDER:
        yield stage.crew(card.role)
        return
    seconds = (card.length + 1.0) * stage.session_timeout
    for crew in stage.fleet:
        crew.order(kind="write", hold=seconds)
    with suppress(TimeoutError):
        wait_until(lambda: stage.crew(HOLDER).means_to_hold(seconds), 2.0)
    yield stage.crew(HOLDER)
    for crew in stage.fleet:
        crew.say("forget")


@fault
def swallow(stage: Stage, card: Card, _seed: int) -> None:
    """A hole in the network, both ways or one: nobody is told."""
    with _aimed(stage, card) as crew:
        crew.proxy.swallow(card.what)  # type: ignore[arg-type]
        stage.sleep(card.length)
        crew.heal()


@fault
def half_open(stage: Stage, card: Card, _seed: int) -> None:
    """One end of the connection is gone, the other does not know."""
    with _aimed(stage, card) as crew:
        crew.proxy.cut(card.what)  # type: ignore[arg-type]
        stage.sleep(card.length)
        crew.heal()


@fault
def reset(stage: Stage, card: Card, _seed: int) -> None:
    """The connection breaks; a new one may be made at once."""
    stage.crew(card.role).proxy.cut()


@fault
def disconnect(stage: Stage, card: Card, _seed: int) -> None:
    """The connection breaks, and no new one is to be had."""
    with _aimed(stage, card) as crew:
        crew.proxy.refuse()
        crew.proxy.cut()
        stage.sleep(card.length)
        crew.heal()


@fault
def flap(stage: Stage, card: Card, _seed: int) -> None:
    """The connection breaks again and again."""
    with _aimed(stage, card) as crew:
        _flap(stage, [crew], card)


@fault
def flap_everybody(stage: Stage, card: Card, _seed: int) -> None:
    """All connections break again and again."""
    _flap(stage, list(stage.fleet), card)


def _flap(stage: Stage, crews: list[Crew], card: Card) -> None:
    for _ in range(10):
        for crew in crews:
            crew.proxy.cut()
        stage.sleep(card.length / 10)


@fault
def delay(stage: Stage, card: Card, _seed: int) -> None:
    """Everything takes longer for everybody."""
    for crew in stage.fleet:
        crew.proxy.delay(float(card.what) * stage.session_timeout)
    stage.sleep(card.length)
    _heal_networks(stage)


@fault
def disconnect_everybody(stage: Stage, card: Card, _seed: int) -> None:
    """Nobody has a connection."""
    for crew in stage.fleet:
        crew.proxy.refuse()
        crew.proxy.cut()
    stage.sleep(card.length)
    _heal_networks(stage)


def _heal_networks(stage: Stage) -> None:
    for crew in stage.fleet:
        crew.heal()


# -- requests


@fault
def lose_reply(stage: Stage, card: Card, seed: int) -> None:
    """The server does what was asked, and the reply is lost with the connection."""
    _lose(stage, [_somebody(stage, seed)], card, "drop_reply")


@fault
def lose_request(stage: Stage, card: Card, seed: int) -> None:
    """The request is lost with the connection."""
    _lose(stage, [_somebody(stage, seed)], card, "drop_request")


@fault
def lose_reply_of_all(stage: Stage, card: Card, _seed: int) -> None:
    """As `lose_reply`, for everybody at once."""
    _lose(stage, list(stage.fleet), card, "drop_reply")


@fault
def late_request(stage: Stage, card: Card, seed: int) -> None:
    """A request takes its time on the way, and all behind it."""
    # Locks look whether a node exists for other reasons, too; who waits arms a watch by it.
    arms = (lambda frame: frame.payload.endswith(b"\1")) if card.what == "EXISTS" else None
    _keep(stage, card, _somebody(stage, seed).proxy.hold_request(*_ops(card), where=arms))


@fault
def late_reply(stage: Stage, card: Card, seed: int) -> None:
    """A reply takes its time on the way, and all behind it, watch events too."""
    _keep(stage, card, _somebody(stage, seed).proxy.hold_reply(*_ops(card)))


def _keep(stage: Stage, card: Card, hold: Hold) -> None:
    with suppress(TimeoutError):
        hold.wait(_CAUGHT)
        stage.sleep(card.length)
    hold.release()


def _lose(stage: Stage, crews: list[Crew], card: Card, how: str) -> None:
    if card.what == "CREATE_SESSION":
        for crew in crews:
            crew.proxy.cut()  # so that it opens one
    traps: list[Trap] = [getattr(crew.proxy, how)(*_ops(card)) for crew in crews]
    for crew, trap in zip(crews, traps, strict=True):
        with suppress(TimeoutError):
            trap.wait(_CAUGHT)
            if card.length:
                crew.proxy.refuse()
        trap.release()
    stage.sleep(card.length)
    _heal_networks(stage)


def _ops(card: Card) -> list[Op]:
    # kazoo's locks create without asking for the stat.
    return [Op.CREATE, Op.CREATE2] if card.what == "CREATE2" else [Op[card.what]]


def _somebody(stage: Stage, seed: int) -> Crew:
    crews = list(stage.fleet)
    return crews[seed % len(crews)]


# -- sessions


@fault
def expire(stage: Stage, card: Card, _seed: int) -> None:
    """The session of whoever has the role really ends."""
    _expire(stage, [stage.crew(card.role)])


@fault
def expire_everybody(stage: Stage, _card: Card, _seed: int) -> None:
    """All sessions end."""
    _expire(stage, list(stage.fleet))


@fault
def expire_after(stage: Stage, card: Card, seed: int) -> None:
    """The session ends when the server has done what was asked, before the reply arrives."""
    crew = _somebody(stage, seed)
    _expire_at(stage, crew, crew.proxy.hold_reply(*_ops(card)))


@fault
def expire_before(stage: Stage, card: Card, seed: int) -> None:
    """The session ends right before a request of this kind reaches the server."""
    crew = _somebody(stage, seed)
    _expire_at(stage, crew, crew.proxy.hold_request(*_ops(card)))


def _expire_at(stage: Stage, crew: Crew, hold: Hold) -> None:
    try:
        hold.wait(_CAUGHT)
    except TimeoutError:
        hold.release()
    else:
        _expire(stage, [crew], hold.release)


def _expire(stage: Stage, crews: list[Crew], then: Callable[[], None] = lambda: None) -> None:
    # No clock can foresee that somebody else closes a session: as if the node were deleted.
    with stage.destroying([crew.who for crew in crews]):
        for crew in crews:
            if crew.session is not None:
                with suppress(OSError):
                    expire_session(stage.client, hosts=stage.ensemble.hosts, client_id=crew.session)
        then()


# -- the queue itself


@fault
def delete_candidate(stage: Stage, card: Card, _seed: int) -> None:
    """Somebody deletes a node in the queue."""
    place = stage.place(card.role)
    if place is not None:
        stage.destroy([place])


@fault
def delete_folder(stage: Stage, _card: Card, _seed: int) -> None:
    """Somebody deletes the whole lock, and its sequence starts again at 0."""
    for _ in range(20):
        if stage.destroy(stage.queue(), folder=True):
            return


@fault
def ask(stage: Stage, card: Card, _seed: int) -> None:
    """Somebody asks a candidate to let go, as zktools 0.2 does."""
    for crew in stage.fleet:
        crew.order(hold=0.5)
    stage.sleep(0.5)
    place = stage.place(card.role)
    if place is not None:
        _ask(stage, place)


def _ask(stage: Stage, place: Place) -> None:
    if _write_unlock(stage, place):
        stage.journal.write("asked", token=place.czxid, target=place.owner)


def _write_unlock(stage: Stage, place: Place) -> bool:
    try:
        stage.client.set_async(place.path, b"unlock").get(timeout=1.0)
    except (KazooException, stage.client.handler.timeout_exception):
        return False
    return True


@fault
def ask_while_cut(stage: Stage, card: Card, _seed: int) -> None:
    """As `ask`, while the one who is asked is disconnected for a moment."""
    for crew in stage.fleet:
        crew.order(hold=0.5)
    stage.sleep(0.5)
    crew = stage.crew(card.role)
    crew.proxy.refuse()
    crew.proxy.cut()
    place = stage.place(card.role)
    if place is not None and place.owner == crew.who:
        _write_unlock(stage, place)
    stage.sleep(card.length)
    crew.heal()


@fault
def take_by_force(stage: Stage, _card: Card, _seed: int) -> None:
    """A worker destroys those ahead of it (``revoke=IMMEDIATE``)."""
    stage.crew(HOLDER).order(revoke="immediate")
    stage.sleep(1.0)


@fault
def hurry(stage: Stage, card: Card, _seed: int) -> None:
    """No fault: everybody holds for long, and has little time to wait."""
    for crew in stage.fleet:
        for _ in range(3):
            crew.order(hold=0.5, timeout=0.75, cancel_after=None)
    stage.sleep(card.length)


# -- all together


@fault
def storm(stage: Stage, card: Card, seed: int) -> None:
    """Several faults at once."""
    cards = cards_of_storm(seed, int(card.what))
    stage.journal.write("storm", cards=[str(one) for one in cards])
    threads = [
        threading.Thread(target=inflict, args=(stage, one, seed + n), daemon=True)
        for n, one in enumerate(cards)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stage.ensemble.heal()
    _heal_networks(stage)
