import pytest

from zktools.handlers import ThreadingHandler


@pytest.fixture(params=["threading", "gevent"])
def zk_handler(request):
    """Each of our handlers in turn."""
    if request.param == "threading":
        return ThreadingHandler
    gevent = pytest.importorskip("zktools.handlers.gevent")
    return gevent.GeventHandler
