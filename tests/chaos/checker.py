"""What must hold in every history, as rules. Pure, small, and ignorant of the code under test.

Each rule takes a `Case` and yields violations. A run is good when none yields any.

What is *not* a violation, and why:

- A process that stands still (SIGSTOP) cannot stop believing. Its belief may overlap that of a
  later holder, if it said "yes" to no question in that time and ends within `WAKING` of SIGCONT.
  A gap between two answers without a SIGSTOP is a stall of the machine; the figures count them.
- A candidate that somebody destroys (a deleted node, a session closed by another client,
  ``revoke=IMMEDIATE``) is overtaken at once. Its belief must end within `EVENT` of that.
- A write whose outcome is unknown may or may not have happened, at any time afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from tests.chaos.history import Event
from tests.chaos.holds import INF, Belief, Hold, holds, pauses

WAKING = 0.1  #: seconds after SIGCONT in which a belief that is no longer true has to end
EVENT = 0.25  #: seconds in which a destroyed holder has to hear of it, when it is connected
PROMPT = 0.5  #: seconds by which an acquire may exceed its timeout
GUARDED = ("token", "transaction")  #: the registers that must not lose a write


@dataclass(frozen=True)
class Violation:
    """One claim that did not hold."""

    rule: str
    t: float
    text: str


@dataclass
class Case:
    """One history, taken apart once for all rules."""

    events: list[Event]
    session_timeout: float

    @cached_property
    def holds(self) -> list[Hold]:
        """All attempts to acquire."""
        return holds(self.events)

    @cached_property
    def pauses(self) -> dict[str, list[tuple[float, float]]]:
        """When each process stood still."""
        return pauses(self.events)

    def of_kind(self, *kinds: str) -> Iterator[Event]:
        """The events of these kinds."""
        return (event for event in self.events if event["event"] in kinds)

    def paused(self, who: str, since: float, until: float) -> float:
        """The end of the last pause of this process that meets this span; -1 when none does."""
        met = [end for begin, end in self.pauses.get(who, ()) if begin <= until and end >= since]
        return max(met, default=-1.0)

    def destroyed_until(self, hold: Hold) -> float:
        """By when this hold, if it was destroyed, must have heard of it; -1 when it was not."""
        ends = [event["until"] for event in self.of_kind("destroyed") if _is_hit(event, hold)]
        ends += [
            min(taker.answered, taker.died)
            for taker in self.takers
            if hold.token is not None
            and hold.token < (taker.token or INF)
            and taker.invoked <= min(hold.releasing, hold.died)
        ]
        return max(ends, default=-INF) + EVENT

    @cached_property
    def takers(self) -> list[Hold]:
        """Those who destroyed whoever was ahead of them."""
        return [hold for hold in self.holds if hold.destroys]


def _is_hit(event: Event, hold: Hold) -> bool:
    if hold.token is not None and event["tokens"] is not None:
        return hold.token in event["tokens"]
    return hold.who in event["owners"] and (
        hold.answered <= event["until"] and event["t"] <= min(hold.releasing, hold.died)
    )


def beliefs_overlap(case: Case) -> Iterator[Violation]:
    """No two processes take an exclusive lock for their own at one time."""
    spans = [(belief, hold) for hold in case.holds for belief in hold.beliefs]
    spans.sort(key=lambda span: span[0].start)
    active: list[tuple[Belief, Hold]] = []
    for belief, hold in spans:
        active = [(b, h) for b, h in active if b.end > belief.start]
        for other, rival in active:
            if rival is not hold and not (rival.is_shared and hold.is_shared):
                yield from _overlap(case, *_by_age((other, rival), (belief, hold)))
        active.append((belief, hold))


def _by_age(
    one: tuple[Belief, Hold], other: tuple[Belief, Hold]
) -> tuple[Belief, Hold, Belief, Hold]:
    # The one to blame is who was there first and did not notice its end.
    def age(span: tuple[Belief, Hold]) -> tuple[float, float]:
        return (span[1].token or 0, span[1].answered)

    old, new = sorted((one, other), key=age)
    return (*old, *new)


def _overlap(
    case: Case, old: Belief, zombie: Hold, new: Belief, holder: Hold
) -> Iterator[Violation]:
    begin, end = max(old.start, new.start), min(old.end, new.end)
    if end <= case.destroyed_until(zombie):
        return
    text = f"{zombie.id} and {holder.id} both believed for {(end - begin) * 1e3:.0f} ms"
    woke = case.paused(zombie.who, old.last, begin)
    if old.last > new.start:
        yield Violation("belief", begin, f"{text}; the older one said so when asked")
    elif woke >= 0 and old.end > woke + WAKING:
        late = (old.end - woke) * 1e3
        yield Violation("waking", woke, f"{text}; it went on for {late:.0f} ms after SIGCONT")
    # Otherwise nobody asked in that time: the process stood still, by SIGSTOP or by itself.


def tokens_fall(case: Case) -> Iterator[Violation]:
    """Tokens rise strictly from grant to grant: first come, first served, and fencing works.

    A token is the number of the transaction that queued the candidate, so this is also the order
    among waiters. Readers have no order among themselves; and a kept node keeps its token for as
    long as one process alone uses it.
    """
    granted = [h for h in case.holds if h.token is not None and h.beliefs]
    granted.sort(key=lambda hold: hold.beliefs[0].start)
    highest: dict[bool, tuple[int, str]] = {}
    for hold in granted:
        assert hold.token is not None
        ahead = highest.values() if not hold.is_shared else [highest.get(False, (-1, ""))]
        token, other = max(ahead, default=(-1, ""))
        is_kept = hold.again and token == hold.token and _process(other) == _process(hold.id)
        if (
            hold.token <= token
            and not is_kept
            and hold.beliefs[0].start > case.destroyed_until(hold)
        ):
            text = f"{hold.id} has {hold.token:#x}, after {other} with {token:#x}"
            yield Violation("token", hold.beliefs[0].start, text)
        highest[hold.is_shared] = max(highest.get(hold.is_shared, (-1, "")), (hold.token, hold.id))


def _process(hold: str) -> str:
    return hold.rpartition(".")[0]


def lost_writes(case: Case, registers: Iterable[str] = GUARDED) -> Iterator[Violation]:
    """A guarded register has every acknowledged write in it, and no refused one.

    Each write names the one it builds on, so a register's last value tells a whole chain.
    """
    for register in registers:
        writes = {e["element"]: e for e in case.of_kind("write") if e["register"] == register}
        outcomes = {e["element"]: e for e in case.of_kind("wrote") if e["register"] == register}
        final = next((e for e in case.of_kind("final") if e["register"] == register), None)
        if final is None:
            continue
        chain = _chain(final["value"], writes)
        for element, outcome in outcomes.items():
            if outcome["outcome"] == "ok" and element not in chain:
                text = f"{register}: {element} was acknowledged, and is not there"
                yield Violation("register", outcome["t"], text)
            elif outcome["outcome"] == "refused" and element in chain:
                text = f"{register}: {element} was refused, and is there"
                yield Violation("register", outcome["t"], text)


def _chain(last: str | None, writes: dict[str, Event]) -> set[str]:
    chain: set[str] = set()
    while last is not None and last not in chain:
        chain.add(last)
        last = writes[last]["base"] if last in writes else None
    return chain


def late_answers(case: Case) -> Iterator[Violation]:
    """An acquire with a timeout answers in time, connected or not."""
    for hold in case.holds:
        if hold.timeout is None or hold.died < INF or hold.outcome == "open":
            continue
        # Not to wait for others still is to wait for the server, up to a session timeout.
        allowed = hold.invoked + (hold.timeout or case.session_timeout) + PROMPT
        woke = case.paused(hold.who, hold.invoked, hold.answered)
        if hold.answered > max(allowed, woke + PROMPT):
            took = hold.answered - hold.invoked
            text = f"{hold.id} took {took:.2f} s with a timeout of {hold.timeout:.2f} s"
            yield Violation("deadline", hold.answered, text)


def unfinished(case: Case) -> Iterator[Violation]:
    """After the last fault everybody who waits comes to an end, soon."""
    quiet = next((event["t"] for event in case.of_kind("quiet")), None)
    if quiet is None:
        return
    allowed = quiet + 2 * case.session_timeout + 2.0
    for hold in case.holds:
        if not hold.is_over:
            yield Violation("liveness", quiet, f"{hold.id} ({hold.outcome}) never came to an end")
        elif INF > hold.answered > allowed:
            late = hold.answered - quiet
            yield Violation(
                "liveness", quiet, f"{hold.id} waited {late:.1f} s after the last fault"
            )


def lost_requests(case: Case) -> Iterator[Violation]:
    """Who was asked to let go hears of it, once, whenever the request came."""
    by_token = {hold.token: hold for hold in case.holds if hold.token is not None}
    told = Counter(event["token"] for event in case.of_kind("told"))
    if not told:
        return  # a lock that cannot be asked
    for event in case.of_kind("told"):
        if told[event["token"]] > 1:
            text = f"the hold {event['token']:#x} was told {told[event['token']]} times"
            yield Violation("request", event["t"], text)
    for event in case.of_kind("asked"):
        hold, due = by_token.get(event["token"]), event["t"] + EVENT
        if hold is None or hold.token in told or case.paused(hold.who, event["t"], due) >= 0:
            continue
        if any(b.start <= event["t"] and due < b.last for b in hold.beliefs):
            yield Violation("request", due, f"{hold.id} was asked to let go and not told")


def seen_by_others(case: Case) -> Iterator[Violation]:
    """What needs no interpretation: somebody saw it happen and said so."""
    strayed = {event["mark"] for event in case.of_kind("trespass")}
    by_id = {hold.id: hold for hold in case.holds}
    for event in case.of_kind("intruder"):
        if event["found"] in strayed:
            continue  # by one that stood still at the door, and noticed at once
        if event["t"] <= case.destroyed_until(by_id[event["id"]]):
            continue
        text = f"{event['id']} found {event['found']} where its own mark was, and still believed"
        yield Violation("occupancy", event["t"], text)
    for event in case.of_kind("forked"):
        if event["held"]:
            yield Violation("fork", event["t"], f"{event['id']} is held, says a forked child")
    for event in case.of_kind("ghost"):
        text = f"{event['name']} of {event['owner']} blocked the queue for {event['seconds']:.1f} s"
        yield Violation("ghost", event["t"], text)
    for event in case.of_kind("logged", "crashed"):
        yield Violation("error", event["t"], f"{event['who']}: {event['text'].splitlines()[-1]}")
    for event in case.of_kind("gone"):
        yield Violation("error", event["t"], f"{event['target']} ended by itself: {event['code']}")


def leftovers(case: Case) -> Iterator[Violation]:
    """In the end nothing is left: no candidate, watch, listener, thread or connection."""
    for event in case.of_kind("residue"):
        found = {what: count for what, count in event["found"].items() if count}
        if found:
            yield Violation("residue", event["t"], f"{event['who']} left {found}")


RULES: tuple[Callable[[Case], Iterator[Violation]], ...] = (
    beliefs_overlap,
    tokens_fall,
    lost_writes,
    late_answers,
    unfinished,
    lost_requests,
    seen_by_others,
    leftovers,
)


def check(events: list[Event], session_timeout: float) -> list[Violation]:
    """All violations in a history, in the order of time."""
    case = Case(events, session_timeout)
    found = [violation for rule in RULES for violation in rule(case)]
    return sorted(found, key=lambda violation: violation.t)
