"""Servers killed and paused."""

from __future__ import annotations

from tests.chaos.faults.registry import fault
from tests.chaos.schedule import Card
from tests.chaos.stage import Stage


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
