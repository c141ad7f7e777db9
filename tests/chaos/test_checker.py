"""The checker against histories written by hand: the good ones pass, each bad one is caught."""

from __future__ import annotations

import pytest

from tests.chaos.checker import check
from tests.chaos.history import Event, parse

SESSION = 1.0


class History:
    """Writes events as workers and nemesis do."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, t: float, event: str, who: str = "nemesis", **facts: object) -> History:
        """One event."""
        self.events.append({"t": t, "who": who, "event": event, **facts})
        return self

    def hold(
        self,
        hold: str,
        token: int | None,
        begin: float,
        end: float,
        *,
        last: float | None = None,
        ends: str = "release",
        **facts: object,
    ) -> History:
        """One hold from `begin` to `end`, by the worker before the dot."""
        who = hold.partition(".")[0]
        facts = {"kind": "write", "timeout": None, "revoke": None, "invoked": begin - 0.01} | facts
        invoked, again = facts.pop("invoked"), facts.pop("again", False)
        self.add(invoked, "acquire", who, id=hold, **facts)
        self.add(begin, "acquired", who, id=hold, token=token, again=again)
        self.add(begin, "believes", who, id=hold)
        self.add(end, ends, who, id=hold, last=end if last is None else last)
        if ends == "release":
            self.add(end, "released", who, id=hold)
        return self

    def rules(self) -> list[str]:
        """The rules it breaks."""
        events = sorted(self.events, key=lambda event: event["t"])
        return [violation.rule for violation in check(events, SESSION)]


def test_one_after_the_other_is_good():
    """Two holds in turn break no rule."""
    assert History().hold("w0.1", 5, 1.0, 2.0).hold("w1.1", 6, 2.0, 3.0).rules() == []


def test_two_who_say_yes_at_once_are_caught():
    """An overlap of beliefs is found, whichever began first."""
    assert History().hold("w0.1", 5, 1.0, 2.0).hold("w1.1", 6, 1.9, 3.0).rules() == ["belief"]
    assert "belief" in History().hold("w0.1", 5, 1.5, 2.0).hold("w1.1", 6, 1.0, 3.0).rules()


def test_an_overlap_in_the_middle_of_another_is_caught():
    """A short hold inside a long one is found even if others came between."""
    history = History().hold("w0.1", None, 1.0, 9.0)
    history.hold("w1.1", None, 2.0, 2.1).hold("w2.1", None, 5.0, 5.1)

    assert history.rules() == ["belief", "belief"]


def test_readers_share_and_writers_do_not():
    """Two readers may overlap; a reader and a writer may not."""
    readers = (
        History().hold("w0.1", 5, 1.0, 2.0, kind="read").hold("w1.1", 6, 1.5, 2.5, kind="read")
    )
    mixed = History().hold("w0.1", 5, 1.0, 2.0, kind="read").hold("w1.1", 6, 1.5, 2.5)

    assert readers.rules() == []
    assert mixed.rules() == ["belief"]


def paused(wakes: float, ends: float, last: float = 1.1) -> History:
    """A holder that stands still from 1.1 on, is overtaken at 2.5, and wakes."""
    history = History().hold("w0.1", 5, 1.0, ends, last=last, ends="doubts")
    history.hold("w1.1", 6, 2.5, 6.0)
    history.add(1.11, "stopped", target="w0").add(wakes, "continued", target="w0")
    return history.add(ends, "release", "w0", id="w0.1", last=last)


def test_a_process_that_stands_still_may_be_overtaken():
    """Its belief ends soon after it wakes, and it said yes to nobody meanwhile."""
    assert paused(wakes=4.0, ends=4.05).rules() == []


def test_waking_and_going_on_is_caught():
    """A belief that goes on for longer than 100 ms after SIGCONT is a violation."""
    assert paused(wakes=4.0, ends=4.15).rules() == ["waking"]


def test_waking_and_saying_yes_is_caught():
    """One "yes" after being overtaken is too much, however short."""
    assert paused(wakes=4.0, ends=4.05, last=4.01).rules() == ["belief"]


def test_the_pause_of_another_is_no_excuse():
    """Only the older holder's own pause explains its silence."""
    history = History().hold("w0.1", 5, 1.0, 4.2, last=4.1).hold("w1.1", 6, 2.5, 6.0)
    history.add(1.1, "stopped", target="w1").add(2.4, "continued", target="w1")

    assert history.rules() == ["belief"]


def test_a_killed_process_believes_nothing():
    """A hold ends with its process."""
    history = History().add(1.0, "acquire", "w0", id="w0.1", kind="write")
    history.add(1.1, "acquired", "w0", id="w0.1", token=5).add(1.1, "believes", "w0", id="w0.1")
    history.add(2.0, "killed", target="w0").hold("w1.1", 6, 2.5, 3.0)

    assert history.rules() == []


def test_who_is_destroyed_has_a_moment_to_hear_of_it():
    """A quarter of a second after its node was deleted, not more."""

    def destroyed(ends: float) -> list[str]:
        history = History().hold("w0.1", 5, 1.0, ends).hold("w1.1", 6, 1.51, 3.0)
        return history.add(1.5, "destroyed", until=1.5, owners=["w0"], tokens=[5]).rules()

    assert destroyed(1.7) == []
    assert destroyed(1.9) == ["belief"]


def test_who_is_destroyed_is_known_by_its_token():
    """A worker whose candidate was destroyed has no excuse for another hold, before or after."""
    history = History().hold("w0.1", 5, 1.0, 1.6).hold("w1.1", 6, 1.51, 3.0)

    assert history.add(1.5, "destroyed", until=1.5, owners=["w0"], tokens=[4]).rules() == ["belief"]


@pytest.mark.parametrize("token", [None, 5])
def test_a_session_that_somebody_closed_is_known_by_its_worker(token: int | None):
    """And counts for what the worker held at that time."""
    history = History().hold("w0.1", token, 1.0, 1.6).hold("w1.1", token and 6, 1.51, 3.0)
    history.add(1.5, "destroyed", until=1.5, owners=["w0"], tokens=None)

    assert history.rules() == []


def test_taking_by_force_excuses_those_ahead_only():
    """``revoke=IMMEDIATE`` explains the overlap with whom it destroyed."""
    ahead = History().hold("w0.1", 5, 1.0, 1.6).hold("w1.1", 6, 1.5, 3.0, revoke="immediate")
    behind = History().hold("w0.1", 7, 1.4, 1.6).hold("w1.1", 6, 1.5, 3.0, revoke="immediate")

    assert ahead.rules() == []
    assert "belief" in behind.rules()


def test_tokens_that_do_not_rise_are_caught():
    """A token as high as one before, or lower, is a violation."""
    assert History().hold("w0.1", 5, 1.0, 2.0).hold("w1.1", 5, 2.0, 3.0).rules() == ["token"]
    assert History().hold("w0.1", 5, 1.0, 2.0).hold("w1.1", 4, 2.0, 3.0).rules() == ["token"]


def test_a_kept_node_keeps_its_token():
    """For one process that says so, and only until another has held the lock."""
    kept = History().hold("w0.1.1", 5, 1.0, 2.0).hold("w0.1.2", 5, 2.0, 3.0, again=True)
    silent = History().hold("w0.1.1", 5, 1.0, 2.0).hold("w0.1.2", 5, 2.0, 3.0)
    another = History().hold("w0.1.1", 5, 1.0, 2.0).hold("w0.2.1", 5, 2.0, 3.0, again=True)
    between = History().hold("w0.1.1", 5, 1.0, 2.0).hold("w1.1.1", 6, 2.0, 3.0)
    between.hold("w0.1.2", 5, 3.0, 4.0, again=True)

    assert kept.rules() == []
    assert silent.rules() == another.rules() == between.rules() == ["token"]


def test_readers_come_in_any_order_among_themselves():
    """But a writer's token is above all before, and a reader's above every writer before."""
    readers = (
        History().hold("w0.1", 6, 1.0, 2.0, kind="read").hold("w1.1", 5, 1.1, 2.0, kind="read")
    )
    writer = History().hold("w0.1", 6, 1.0, 2.0, kind="read").hold("w1.1", 5, 2.1, 3.0)
    reader = History().hold("w0.1", 6, 1.0, 2.0).hold("w1.1", 5, 2.1, 3.0, kind="read")

    assert readers.rules() == []
    assert writer.rules() == reader.rules() == ["token"]


def written(register: str, *writes: tuple[str, str | None, str], final: str) -> History:
    """Writes of (element, the one it builds on, outcome)."""
    history = History()
    for number, (element, base, outcome) in enumerate(writes):
        history.add(number, "write", "w0", register=register, element=element, base=base)
        if outcome != "open":
            facts = {"register": register, "element": element, "outcome": outcome}
            history.add(number + 0.5, "wrote", "w0", **facts)
    return history.add(99.0, "final", register=register, value=final)


@pytest.mark.parametrize("register", ["token", "transaction"])
def test_a_lost_write_is_caught(register: str):
    """Two acknowledged writes on the same base: one is lost."""
    lost = written(register, ("a", None, "ok"), ("b", "a", "ok"), ("c", "a", "ok"), final="c")
    kept = written(register, ("a", None, "ok"), ("b", "a", "ok"), ("c", "b", "ok"), final="c")

    assert lost.rules() == ["register"]
    assert kept.rules() == []


def test_an_unguarded_register_may_lose_writes():
    """Nobody promised anything."""
    assert written("unguarded", ("a", None, "ok"), ("b", None, "ok"), final="b").rules() == []


@pytest.mark.parametrize("outcome", ["unknown", "open"])
@pytest.mark.parametrize("happened", [True, False])
def test_unknown_outcomes_may_have_happened_or_not(outcome: str, *, happened: bool):
    """Neither is a violation, at any time."""
    base = "b" if happened else "a"
    history = written("token", ("a", None, "ok"), ("b", "a", outcome), ("c", base, "ok"), final="c")

    assert history.rules() == []


def test_a_refused_write_that_happened_is_caught():
    """Refused is refused."""
    history = written(
        "token", ("a", None, "ok"), ("b", "a", "refused"), ("c", "b", "ok"), final="c"
    )

    assert history.rules() == ["register"]


@pytest.mark.parametrize(("took", "rules"), [(1.4, []), (1.6, ["deadline"])])
def test_an_acquire_that_exceeds_its_timeout_is_caught(took: float, rules: list[str]):
    """Half a second of grace, for a busy machine."""
    history = History().add(1.0, "acquire", "w0", id="w0.1", kind="write", timeout=1.0)

    assert history.add(1.0 + took, "refused", "w0", id="w0.1").rules() == rules


def test_time_does_not_pass_for_who_stands_still():
    """A timeout that passes during a SIGSTOP is noticed after it."""
    history = History().add(1.0, "acquire", "w0", id="w0.1", kind="write", timeout=0.1)
    history.add(1.05, "stopped", target="w0").add(4.0, "continued", target="w0")

    assert history.add(4.1, "refused", "w0", id="w0.1").rules() == []


def test_waiting_for_ever_is_caught():
    """After the last fault everybody ends within two session timeouts and two seconds."""
    open_ = History().add(1.0, "acquire", "w0", id="w0.1", kind="write").add(5.0, "quiet")
    late = History().hold("w0.1", 5, 9.5, 9.6, invoked=1.0).add(5.0, "quiet")
    good = History().hold("w0.1", 5, 8.5, 8.6, invoked=1.0).add(5.0, "quiet")

    assert open_.rules() == late.rules() == ["liveness"]
    assert good.rules() == []


def test_a_request_that_is_not_heard_is_caught():
    """A quarter of a second to hear of it; nobody is told twice."""

    def asked(until: float, *tells: float) -> list[str]:
        history = History().hold("w0.1", 5, 1.0, until).hold("w1.1", 9, 7.0, 7.1)
        history.add(1.1, "asked", token=5, target="w0").add(7.0, "told", "w1", token=9)
        for at in tells:
            history.add(at, "told", "w0", token=5)
        return history.rules()

    assert asked(1.9) == ["request"]
    assert asked(1.9, 1.2) == asked(1.3) == []
    assert asked(1.9, 1.2, 1.3) == ["request", "request"]


def test_the_second_detector_is_heard():
    """A foreign mark is a violation, unless its owner noticed at once that it had strayed."""
    history = History().hold("w0.1", 5, 1.0, 2.0)
    history.add(1.9, "intruder", "w0", id="w0.1", found="7 w1.1")

    assert history.rules() == ["occupancy"]
    assert history.add(1.8, "trespass", "w1", id="w1.1", mark="7 w1.1").rules() == []


@pytest.mark.parametrize(
    ("event", "rule"),
    [
        ({"event": "ghost", "name": "n", "owner": "w0", "seconds": 6.0}, "ghost"),
        ({"event": "forked", "id": "w0.1", "held": True}, "fork"),
        ({"event": "residue", "found": {"watches": 1, "threads": 0}}, "residue"),
        ({"event": "crashed", "text": "KeyError: 1"}, "error"),
        ({"event": "logged", "text": "callback failed"}, "error"),
        ({"event": "gone", "target": "w0", "code": 1}, "error"),
    ],
)
def test_what_was_seen_directly_is_a_violation(event: Event, rule: str):
    """Ghosts, forked believers, leftovers, crashes."""
    assert History().add(1.0, **event).rules() == [rule]


def test_nothing_left_is_good():
    """Only what is left counts."""
    assert History().add(1.0, "residue", found={"watches": 0}).rules() == []


def test_a_line_cut_short_is_left_out():
    """The last line of a history on a full disk is no event."""
    assert parse(['{"t": 1, "event": "x"}\n', '{"t": 2, "ev']) == [{"t": 1, "event": "x"}]
