"""What losing a lease does to the task that runs the body of ``async with``."""

import asyncio
import contextlib

import pytest

from zktools._engine.flag import Flag
from zktools.aio._scope import Scope
from zktools.exceptions import LockLost
from zktools.testing import handler_factory


class Hold:
    """A lock without a queue: what is done with a scope, and nothing else."""

    def __init__(self):
        handler = handler_factory("threading")()
        self.lost = Flag(handler)
        self._handler = handler

    async def __aenter__(self):
        self._scope = Scope(self.lost, self._handler)
        return self

    async def __aexit__(self, kind, error, traceback):
        if self._scope.leave(error):
            raise LockLost("lost") from error
        assert not self.lost._waiting

    def lose(self, after=0.0):
        """Have it lost on a thread, as the engine does."""
        asyncio.get_running_loop().call_later(
            after, lambda: asyncio.get_running_loop().run_in_executor(None, self.lost.set)
        )


def ends_uncancelled(run, function):
    """Run it; the requests to cancel that are left over in the end are none."""

    async def main():
        try:
            return await function()
        finally:
            task = asyncio.current_task()
            assert task.cancelling() == 0
            await asyncio.sleep(0)  # nothing is delivered late

    return run(main)


def test_the_body_is_cancelled_where_it_waits(run):
    """LockLost comes out, from the CancelledError."""
    ends = []

    async def main():
        async with Hold() as hold:
            hold.lose()
            try:
                await asyncio.sleep(20)
            except asyncio.CancelledError as error:
                ends.append(error)
                raise

    with pytest.raises(LockLost) as raised:
        ends_uncancelled(run, main)
    assert raised.value.__cause__ is ends[0]


def test_cleaning_up_may_wait(run):
    """What the body does in `finally` runs to its end, with its awaits."""
    ends = []

    async def main():
        async with Hold() as hold:
            hold.lose()
            try:
                await asyncio.sleep(20)
            finally:
                await asyncio.sleep(0.02)
                ends.append("cleaned up")

    with pytest.raises(LockLost):
        ends_uncancelled(run, main)
    assert ends == ["cleaned up"]


def test_a_body_that_had_ended_before_the_loss_was_known(run):
    """It ends well, and nothing is cancelled afterwards."""

    async def main():
        async with Hold() as hold:
            pass
        hold.lost.set()
        await asyncio.sleep(0.02)
        return "well"

    assert ends_uncancelled(run, main) == "well"


def test_lost_in_the_tick_in_which_the_body_ends(run):
    """The news comes to the loop when the body has ended: it ends well, and nothing comes late."""

    async def main():
        async with Hold() as hold:
            await asyncio.sleep(0)
            hold.lost.set()  # the loop hears of it at its next turn
        await asyncio.sleep(0.02)
        return "well"

    assert ends_uncancelled(run, main) == "well"


def test_lost_before_the_body_begins(run):
    """It is cancelled at its first await."""

    async def main():
        hold = Hold()
        hold.lost.set()
        async with hold:
            await asyncio.sleep(20)

    with pytest.raises(LockLost):
        ends_uncancelled(run, main)


def test_a_body_that_swallows_the_cancellation(run):
    """It was told, and goes on as if it held the lock: LockLost."""

    async def main():
        async with Hold() as hold:
            hold.lose()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(20)

    with pytest.raises(LockLost):
        ends_uncancelled(run, main)


def test_the_bodys_own_error_wins(run):
    """What the body raises of itself comes out."""

    async def main():
        async with Hold() as hold:
            hold.lose()
            try:
                await asyncio.sleep(20)
            except asyncio.CancelledError:
                raise KeyError("mine") from None

    with pytest.raises(KeyError):
        ends_uncancelled(run, main)


def test_an_outer_timeout_that_comes_alone(run):
    """TimeoutError, as without a lock."""

    async def main():
        async with asyncio.timeout(0.01), Hold():
            await asyncio.sleep(20)

    with pytest.raises(TimeoutError):
        ends_uncancelled(run, main)


def test_an_outer_timeout_in_the_tick_of_the_loss(run):
    """The outer one wins: TimeoutError."""

    async def main():
        async with asyncio.timeout(20) as outer, Hold() as hold:
            outer.reschedule(asyncio.get_running_loop().time())
            hold.lost.set()
            await asyncio.sleep(20)

    with pytest.raises(TimeoutError):
        ends_uncancelled(run, main)


def test_an_inner_timeout(run):
    """The loss goes through it: LockLost."""

    async def main():
        async with Hold() as hold:
            hold.lose()
            async with asyncio.timeout(20):
                await asyncio.sleep(20)

    with pytest.raises(LockLost):
        ends_uncancelled(run, main)


def test_an_inner_timeout_that_runs_out(run):
    """It is the body's own affair, and the hold goes on."""

    async def main():
        async with Hold():
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await asyncio.sleep(20)
            await asyncio.sleep(0.01)
            return "well"

    assert ends_uncancelled(run, main) == "well"


def test_cancelled_in_the_tick_of_the_loss(run):
    """task.cancel() wins: the task is cancelled, not failed."""

    async def inner():
        async with Hold() as hold:
            hold.lost.set()
            await asyncio.sleep(20)

    async def main():
        task = asyncio.create_task(inner())
        asyncio.get_running_loop().call_soon(task.cancel)
        await asyncio.wait([task])
        return task.cancelled()

    assert run(main)


def test_a_task_group_within(run):
    """Its tasks are cancelled, and LockLost comes out alone."""
    ends = []

    async def child():
        try:
            await asyncio.sleep(20)
        finally:
            ends.append("over")

    async def main():
        async with Hold() as hold, asyncio.TaskGroup() as group:
            group.create_task(child())
            group.create_task(child())
            hold.lose(0.01)

    with pytest.raises(LockLost):
        ends_uncancelled(run, main)
    assert ends == ["over", "over"]


def test_a_task_of_a_task_group(run):
    """LockLost of one task ends the group, as any error does."""

    async def holder():
        async with Hold() as hold:
            hold.lose()
            await asyncio.sleep(20)

    async def main():
        async with asyncio.TaskGroup() as group:
            group.create_task(holder())
            group.create_task(asyncio.sleep(20))

    with pytest.raises(ExceptionGroup) as raised:
        run(main)
    assert [type(error) for error in raised.value.exceptions] == [LockLost]


@pytest.mark.parametrize("lost", ["outer", "inner", "both"])
def test_nested(run, lost):
    """Of two locks, whichever is lost ends its own body; both at once end both."""
    ends = []

    async def main():
        async with Hold() as outer:
            try:
                async with Hold() as inner:
                    if lost != "inner":
                        outer.lost.set()
                    if lost != "outer":
                        inner.lost.set()
                    await asyncio.sleep(20)
            except BaseException as error:
                ends.append(type(error))
                raise

    with pytest.raises(LockLost):
        ends_uncancelled(run, main)
    assert ends == [LockLost if lost == "inner" else asyncio.CancelledError]


def test_lost_while_another_is_being_left(run):
    """A loss that comes when the inner lock's is being dealt with is not forgotten."""

    async def main():
        async with Hold() as outer:
            try:
                async with Hold() as inner:
                    inner.lose()
                    await asyncio.sleep(20)
            except LockLost:
                outer.lose()
                await asyncio.sleep(20)

    with pytest.raises(LockLost):
        ends_uncancelled(run, main)


def test_the_task_goes_on_afterwards(run):
    """Who catches LockLost can wait, take timeouts and lose again."""

    async def lose():
        async with Hold() as hold:
            hold.lose()
            await asyncio.sleep(20)

    async def main():
        for _ in range(3):
            with pytest.raises(LockLost):
                await lose()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await asyncio.sleep(20)
        return "well"

    assert ends_uncancelled(run, main) == "well"


def test_without_a_task(run):
    """Outside of a task nothing could be cancelled: an error, at once."""

    async def main():
        refused = asyncio.get_running_loop().create_future()

        def callback():
            try:
                Scope(Flag(None), None)
            except Exception as error:  # noqa: BLE001
                refused.set_result(error)

        asyncio.get_running_loop().call_soon(callback)
        return await refused

    assert isinstance(run(main), RuntimeError)
