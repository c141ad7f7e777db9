"""Helpers of the tests of live objects."""

from zktools.testing import wait_until


class Calls(list):
    """A subscriber that remembers what it was called with."""

    def __call__(self, argument):
        """Be called."""
        self.append(argument)

    def wait_for(self, wanted, timeout=10):
        """Wait until the last call was with `wanted`."""
        wait_until(lambda: self and self[-1] == wanted, timeout, what=f"a call with {wanted!r}")


def eventually(read, wanted, timeout=10):
    """Wait until ``read()`` equals `wanted`."""
    try:
        wait_until(lambda: read() == wanted, timeout)
    except TimeoutError:
        assert read() == wanted


def errors_of(client, calls):
    """What each of `calls` raises, None for nothing; they run at the same time."""
    errors = [None] * len(calls)

    def run(number, call):
        try:
            call()
        except Exception as error:  # noqa: BLE001  to be looked at
            errors[number] = error

    for task in [client.handler.spawn(run, *pair) for pair in enumerate(calls)]:
        task.join()
    return errors


def contents(client, path):
    """The children of `path` with their data, straight from the server."""
    return {name: client.get(f"{path}/{name}")[0] for name in client.get_children(path)}


def watchers(client):
    """How many watch callbacks kazoo holds for a client."""
    tables = (client._data_watchers, client._child_watchers)
    return sum(len(watching) for table in tables for watching in list(table.values()))
