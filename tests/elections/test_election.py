"""Elections: one leads, everybody knows who, and it is let go of after the work has ended."""

import pytest

from tests.elections.conftest import FOLDER
from tests.live.support import Calls, eventually
from tests.locks.support import Task, wait_for_queue
from zktools import Election, ZkLock
from zktools.election import End
from zktools.exceptions import (
    AlreadyHeldError,
    LockLost,
    LockTimeout,
    MissingNodeError,
    ValueTooLargeError,
)
from zktools.testing import expire_session, wait_until


def led(election, until, **kw):
    """Lead until `until()`; the token."""
    with election.lead(**kw) as term:
        wait_until(until)
        return term.token


def name_of(leader):
    """Its identifier, and what it publishes."""
    return leader and (leader.who["identifier"], leader.data)


@pytest.mark.usefixtures("wire")
@pytest.mark.every_face
class TestLeading:
    """Terms, one at a time."""

    def test_one_leads_and_then_the_next(self, zk, other, elections):
        """The second candidate leads once the first has let go, with a higher token."""
        first, second = elections(zk), elections(other)
        with first.lead(timeout=10) as term:
            assert term.is_held
            with pytest.raises(LockTimeout, match="was not won"):
                second.lead(timeout=0).__enter__()
        with second.lead(timeout=10) as later:
            assert later.token > term.token

        assert zk.get_children(FOLDER) == []

    def test_all_know_who_leads(self, zk, other, elections):
        """Who watches sees the leader, what it publishes, the next one, and that there is none."""
        first, second = elections(zk, "ana"), elections(other, "ben")
        calls = Calls()
        second.subscribe(lambda leader: calls(name_of(leader)))
        assert calls == [None]

        with first.lead(data="10.0.0.7") as term:
            calls.wait_for(("ana", "10.0.0.7"))
            assert second.leader.token == term.token
            assert second.leader.session_id == zk.client_id[0]
            assert second.leader.since == first.candidates()[0].since
            term.publish({"port": 80})
            calls.wait_for(("ana", {"port": 80}))
        calls.wait_for(None)
        assert second.leader is None

    def test_what_waits_is_not_told_of(self, zk, other, elections):
        """Candidates that come and go behind the leader are no news to who watches."""
        first, second = elections(zk, "ana"), elections(other, "ben")
        calls = Calls()
        first.subscribe(lambda leader: calls(name_of(leader)))
        with first.lead():
            calls.wait_for(("ana", None))
            with pytest.raises(LockTimeout):
                second.lead(timeout=0.05).__enter__()
            wait_for_queue(zk, 1, FOLDER)
        calls.wait_for(None)

        assert calls == [None, ("ana", None), None]

    def test_publishing_keeps_a_request_to_let_go(self, zk, elections):
        """Who was asked to let go stays asked when it publishes."""
        election = elections(zk, "ana")
        with election.lead() as term:
            election.resign()
            assert ZkLock(zk, "scheduler", "/ZktoolsElections").revoke_all()
            term.publish(1)

            assert election.candidates()[0].asked
            assert election.candidates()[0].who["data"] == 1

    def test_a_term_that_is_over_publishes_nothing(self, zk, elections):
        """Destroyed, it says so."""
        with elections(zk).lead() as term:
            zk.delete(term.path)

            with pytest.raises(LockLost):
                term.publish(1)

    def test_hand_over(self, zk, zk_client_factory, elections):
        """The one that is named leads next, whoever waits before it; those queue again."""
        ana, ben, cleo, dora = (elections(zk_client_factory(), n) for n in ("a", "b", "c", "d"))
        with ana.lead() as term:
            tasks = []
            for number, each in enumerate((ben, cleo, dora)):
                tasks.append(Task(zk, led, each, lambda: dora_led))
                wait_for_queue(zk, number + 2, FOLDER)
            dora_led = False
            names = {c.who["identifier"]: c.name for c in ana.candidates()}
            with pytest.raises(MissingNodeError):
                term.hand_over("nobody")

            assert term.hand_over(names["d"])
            eventually(lambda: name_of(ana.leader), ("d", None))
            dora_led = True

        tokens = [task.result() for task in tasks]
        assert tokens[2] == min(tokens)

    def test_hand_over_by_one_that_leads_no_more(self, zk, other, elections):
        """Nothing is done: not by one that was destroyed, nor twice by the same."""
        ana, ben = elections(zk, "ana"), elections(other, "ben")
        with ana.lead() as term:
            may_end = []
            task = Task(zk, led, ben, lambda: may_end)
            wait_for_queue(zk, 2, FOLDER)
            name = ana.candidates()[1].name
            zk.delete(term.path)
            with pytest.raises(LockLost, match=r"nothing was done|not held"):
                term.hand_over(name)
            may_end.append(True)
            task.result()

    def test_hand_over_to_one_that_leaves(self, zk, elections):
        """It is refused, and we lead on."""
        ana = elections(zk, "ana")
        with ana.lead() as term:
            path = zk.create(f"{FOLDER}/lock-{'0' * 32}-", b"{}", ephemeral=True, sequence=True)
            zk.delete(path)

            with pytest.raises(MissingNodeError, match="nothing was done"):
                term.hand_over(path.rpartition("/")[2])

            assert term.is_held
            assert [c.who["identifier"] for c in ana.candidates()] == ["ana"]

    def test_session_ends(self, zk, far, elections):
        """A leader whose session has ended has lost the term, and the next one leads."""
        lost = elections(far)
        with lost.lead() as term:
            expire_session(far, hosts="{}:{}".format(*zk.hosts[0]))
            assert term.lost.wait(10)
            with elections(zk).lead(timeout=10) as later:
                assert later.token > term.token

    @pytest.mark.slow
    def test_cut_off(self, zk, far, zk_proxy, elections):
        """A leader that is cut off has stopped believing before the next one begins."""
        with elections(far).lead() as term:
            zk_proxy.swallow()
            with elections(zk).lead(timeout=20):
                assert not term.is_held
                assert term.lost.is_set()
            zk_proxy.heal()


@pytest.mark.every_face
class TestRun:
    """A function for each term."""

    def test_until_it_returns(self, zk, elections):
        """A function that returns undisturbed has done its work; it is let go of."""
        terms = []

        assert elections(zk).run(terms.append) is End.RETURNED
        assert len(terms) == 1
        assert zk.get_children(FOLDER) == []

    def test_again_after_a_loss(self, zk, elections):
        """A term that was lost is followed by another, once the function has ended."""
        terms = []

        def work(term):
            terms.append(term)
            if len(terms) == 1:
                zk.delete(term.path)
                assert term.lost.wait(10)

        assert elections(zk).run(work) is End.RETURNED
        assert terms[1].token > terms[0].token

    def test_again_after_being_asked(self, zk, elections):
        """Who resigns lets go after its work has ended, and queues again."""
        election = elections(zk)
        terms = []

        def work(term):
            terms.append(term)
            if len(terms) == 1:
                election.resign()
                wait_until(lambda: term.revoked)
                assert term.is_held

        assert election.run(work) is End.RETURNED
        assert len(terms) == 2

    def test_handed_over_beside_its_work(self, zk, other, elections):
        """By another thread, or task: the work is told to end, for another one leads."""
        ana, ben, terms, done = elections(zk, "ana"), elections(other, "ben"), [], []

        def work(term):
            terms.append(term)
            wait_until(lambda: term.revoked)

        task = Task(zk, ana.run, work)
        wait_until(lambda: terms)
        waits = Task(zk, led, ben, lambda: done)
        wait_for_queue(zk, 2, FOLDER)
        assert terms[0].hand_over(ana.candidates()[1].name)

        assert task.result() is End.RETURNED
        assert not ana.resign()
        eventually(lambda: name_of(ben.leader), ("ben", None))
        done.append(True)
        assert waits.result() > terms[0].token

    def test_what_it_raises(self, zk, elections):
        """An error comes out, and nobody is left leading."""

        def work(term):
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            elections(zk).run(work)
        assert zk.get_children(FOLDER) == []

    def test_somebody_elses_loss(self, zk, elections):
        """A LockLost of another lock, in a term that is held, is an error like any other."""

        def work(term):
            raise LockLost("of something else")

        with pytest.raises(LockLost, match="something else"):
            elections(zk).run(work)

    def test_stop_while_waiting(self, zk, other, elections):
        """It gives up waiting, and leaves the queue."""
        waiting = elections(other)
        with elections(zk).lead():
            task = Task(zk, waiting.run, print)
            wait_for_queue(zk, 2, FOLDER)
            waiting.stop()

            assert task.result() is End.ASKED
            wait_for_queue(zk, 1, FOLDER)

    def test_stop_while_leading(self, zk, elections):
        """The function is asked to end, and not called again."""
        election = elections(zk)
        terms = []

        def work(term):
            terms.append(term)
            wait_until(lambda: term.revoked)

        task = Task(zk, election.run, work)
        wait_until(lambda: terms)
        election.stop()

        assert task.result() is End.ASKED
        assert len(terms) == 1
        assert election.run(work) is End.ASKED


@pytest.mark.every_face
def test_bad_data(zk, elections):
    """What JSON cannot hold, and too much, is refused at the call."""
    election = elections(zk)
    with pytest.raises(TypeError, match="data"):
        election.lead(data={1, 2})
    with pytest.raises(ValueTooLargeError, match="data"):
        election.lead(data="x" * 200_000)
    with election.lead(data=1) as term, pytest.raises(TypeError, match="data"):
        term.publish(object())


def test_waiting_for_oneself(zk):
    """Who leads already, by any object, is told so: nobody else could end that wait."""
    election = Election(zk, "scheduler")
    with election.lead():
        for again in (election, Election(zk, "scheduler")):
            with pytest.raises(AlreadyHeldError, match="would wait for itself"), again.lead():
                pytest.fail("the body ran")
            with pytest.raises(LockTimeout), again.lead(timeout=0):
                pytest.fail("the body ran")
        with Election(zk, "another").lead():
            assert len(election.candidates()) == 1
    with election.lead(timeout=5) as term:
        assert term.is_held
