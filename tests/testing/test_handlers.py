import pytest
from kazoo.handlers.threading import SequentialThreadingHandler

from zktools.testing import handler_factory


def test_handlers_have_names():
    """A name gives kazoo's own class; a wrong one is answered with those there are."""
    assert handler_factory("threading") is SequentialThreadingHandler
    with pytest.raises(ValueError, match="threading, gevent"):
        handler_factory("twisted")
