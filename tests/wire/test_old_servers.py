"""What a server does not know."""

from kazoo.exceptions import UnimplementedError

from zktools.exceptions import ServerError, translate


def test_a_request_that_the_server_does_not_know():
    """The error says which ZooKeeper it takes: 3.4 does not know how to answer our creates."""
    error = translate(UnimplementedError(), "entering the queue of /locks/a")

    assert type(error) is ServerError
    assert str(error) == "entering the queue of /locks/a: it takes ZooKeeper 3.6 or later"
