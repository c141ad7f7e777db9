import asyncio
import gc
import sys

import pytest

#: Loops and tasks beside asyncio's usual ones.
OTHERS = ["debug", "uvloop", "eager"]


@pytest.fixture(params=["plain", *(pytest.param(each, marks=pytest.mark.slow) for each in OTHERS)])
def run(request, caplog):
    """A function that runs an async function on a loop of each kind, which may not complain.

    A task that is destroyed while it is pending, an exception that nobody retrieves, and a callback
    that fails are what loops complain of; a coroutine that is never awaited is a warning, and so an
    error.
    """
    if request.param == "eager" and sys.version_info < (3, 12):
        pytest.skip("eager tasks are new in Python 3.12")
    if request.param == "uvloop":
        factory = pytest.importorskip("uvloop").new_event_loop
    else:
        factory = asyncio.new_event_loop

    def call(function, *args):
        with asyncio.Runner(debug=request.param == "debug", loop_factory=factory) as runner:
            if request.param == "eager":
                runner.get_loop().set_task_factory(asyncio.eager_task_factory)
            return runner.run(asyncio.wait_for(function(*args), 30))

    yield call
    gc.collect()
    complaints = [r.getMessage() for r in caplog.records if r.name == "asyncio"]
    assert [c for c in complaints if not c.startswith(("Using selector", "Executing <"))] == []
