import threading
import time

import pytest
from kazoo.exceptions import ConnectionLoss
from kazoo.protocol.states import KazooState

from zktools.testing import Op, Proxy, expire_session, four_letter, wait_until

pytestmark = pytest.mark.zk_handlers("threading", "gevent")


@pytest.fixture
def far(zk, zk_client_factory, zk_proxy):
    """A client behind the proxy; `zk` goes straight to the server."""
    return zk_client_factory(zk_proxy.hosts)


# -- watching


def test_requests_are_counted(far, zk, zk_proxy):
    """Each request is counted by kind, from the moment one looks; pings and events apart."""
    before = zk_proxy.requests
    far.create("/a", b"1")
    far.get("/a", watch=list)
    far.get_children("/")
    zk.set("/a", b"2")

    assert zk_proxy.requests - before == {Op.CREATE: 1, Op.GET_DATA: 1, Op.GET_CHILDREN: 1}
    wait_until(lambda: zk_proxy.events == 1)


def test_pings_are_no_requests(zk_client_factory, zk_proxy):
    """What a client sends only to keep its session is counted apart."""
    zk_client_factory(zk_proxy.hosts, timeout=0.6)
    before = zk_proxy.requests

    wait_until(lambda: zk_proxy.pings)

    assert zk_proxy.requests == before


def test_what_is_no_session_passes(zk_proxy):
    """Four-letter words get their answers through the proxy."""
    assert four_letter(zk_proxy.hosts, "ruok") == "imok"


def test_an_ensemble_has_a_port_for_each_member(zk_hosts):
    """A proxy for several servers is one network with as many addresses."""
    with Proxy(f"{zk_hosts},{zk_hosts}") as proxy:
        addresses = proxy.hosts.split(",")

        assert len(set(addresses)) == 2
        assert [four_letter(address, "ruok") for address in addresses] == ["imok"] * 2


# -- delay


def test_delay_is_precise(far, zk_proxy):
    """10 ms each way make a round trip of 20 ms, to a millisecond or two of scheduling."""
    far.create("/a")
    near = _fastest(far)
    zk_proxy.delay(0.01)

    assert 0.020 <= _fastest(far) < 0.022 + near


def test_delay_keeps_pipelining(far, zk_proxy):
    """A hundred requests sent together take one round trip, not a hundred."""
    far.create("/a")
    zk_proxy.delay(to_server=0.15, to_client=0.05)

    start = time.monotonic()
    answers = [far.get_async("/a") for _ in range(100)]
    for answer in answers:
        answer.get(timeout=20)

    assert 0.2 <= time.monotonic() - start < 0.8


def test_a_negative_delay_is_refused(zk_proxy):
    """Nothing arrives before it was sent."""
    with pytest.raises(ValueError, match="negative"):
        zk_proxy.delay(-0.1)


# -- black holes


def test_swallow_to_server(far, zk, zk_proxy):
    """The request does not reach the server; once healed it does, on the same connection."""
    zk_proxy.swallow("to_server")
    created = far.create_async("/a")
    wait_until(lambda: zk_proxy.requests[Op.CREATE])

    assert zk.exists("/a") is None
    assert not created.ready()

    zk_proxy.heal()
    assert created.get(timeout=10) == "/a"
    assert zk_proxy.connections == 1


def test_swallow_to_client(far, zk, zk_proxy):
    """The server does what it is asked, and the client does not hear of it until healed."""
    zk_proxy.swallow("to_client")
    created = far.create_async("/a")

    wait_until(lambda: zk.exists("/a"))
    assert not created.ready()

    zk_proxy.heal()
    assert created.get(timeout=10) == "/a"


def test_swallow_both_until_the_session_ends(zk, zk_client_factory, zk_proxy):
    """The server ends the session; the client only suspects, and learns it when healed."""
    far = zk_client_factory(zk_proxy.hosts, timeout=0.6)
    states = []
    far.add_listener(states.append)
    far.create("/mine", ephemeral=True)

    zk_proxy.swallow()

    wait_until(lambda: zk.exists("/mine") is None)
    wait_until(lambda: states == [KazooState.SUSPENDED])
    zk_proxy.heal()
    wait_until(lambda: states[1:] == [KazooState.LOST, KazooState.CONNECTED])


@pytest.mark.slow
def test_a_black_hole_hides_even_the_end_of_the_peer(far, zk_server, zk_proxy):
    """A server that dies behind a black hole closes nothing for the client, until healed."""
    zk_proxy.swallow("to_client")
    zk_server.kill()

    assert zk_proxy.connections == 1
    assert far.state == KazooState.CONNECTED

    zk_server.restart()
    assert zk_proxy.connections == 1
    zk_proxy.heal()
    wait_until(lambda: far.state == KazooState.CONNECTED and zk_proxy.connections == 1)


def test_a_black_hole_hides_a_reset(zk_hosts, zk_client_factory):
    """A connection that is reset behind a black hole stands for the client, until healed."""
    with Proxy(zk_hosts) as behind, Proxy(behind.hosts) as hole:
        far = zk_client_factory(hole.hosts)
        states = []
        far.add_listener(states.append)
        hole.swallow("to_client")
        behind.cut()

        assert far.state == KazooState.CONNECTED
        assert hole.connections == 1

        hole.heal()
        wait_until(lambda: states == [KazooState.SUSPENDED, KazooState.CONNECTED])


def test_directions_are_checked(zk_proxy):
    """A direction that does not exist is refused by name."""
    with pytest.raises(ValueError, match="to_server, to_client, both"):
        zk_proxy.swallow("upwards")


# -- cuts


def test_cut_resets_and_lets_come_again(far, zk_proxy):
    """All connections are reset at once; the client comes back with its session."""
    states = []
    far.add_listener(states.append)
    session = far.client_id

    assert zk_proxy.cut() == 1

    wait_until(lambda: states == [KazooState.SUSPENDED, KazooState.CONNECTED])
    assert far.client_id == session


def test_refuse_keeps_open_connections(far, zk_proxy):
    """Nobody new gets in, those inside go on; healed, the door is open again."""
    zk_proxy.refuse()

    with pytest.raises(ConnectionRefusedError):
        four_letter(zk_proxy.hosts, "ruok")
    assert far.exists("/nothing") is None

    zk_proxy.heal()
    assert four_letter(zk_proxy.hosts, "ruok") == "imok"


def test_a_cut_off_client_is_suspended_for_as_long_as_it_takes(far, zk_proxy):
    """Refusing and cutting together part the client from the server until healed."""
    zk_proxy.refuse()
    zk_proxy.cut()

    wait_until(lambda: far.state == KazooState.SUSPENDED)
    zk_proxy.heal()
    wait_until(lambda: far.state == KazooState.CONNECTED)


def test_cut_on_the_clients_side_leaves_the_servers_open(far, zk_server, zk_proxy):
    """The server goes on believing in a connection whose client is gone, until healed."""
    session, _ = far.client_id
    zk_proxy.refuse()
    zk_proxy.cut("client")

    wait_until(lambda: far.state == KazooState.SUSPENDED)
    assert zk_proxy.connections == 1
    assert _connections(zk_server, session) == 1

    zk_proxy.heal()
    wait_until(lambda: far.state == KazooState.CONNECTED)
    wait_until(lambda: zk_proxy.connections == _connections(zk_server, session) == 1)


def test_cut_on_the_servers_side_leaves_the_clients_open(far, zk_server, zk_proxy):
    """The client goes on believing in a connection whose server is gone, until healed."""
    session, _ = far.client_id
    zk_proxy.cut("server")

    wait_until(lambda: _connections(zk_server, session) == 0)
    assert far.state == KazooState.CONNECTED
    answer = far.exists_async("/a")
    wait_until(lambda: zk_proxy.requests[Op.EXISTS])
    assert not answer.ready()

    zk_proxy.heal()
    with pytest.raises(ConnectionLoss):
        answer.get(timeout=10)


# -- single requests

REQUESTS = {
    "create": (Op.CREATE, lambda client: client.create("/new")),
    "create2": (Op.CREATE2, lambda client: client.create("/new", include_data=True)),
    "delete": (Op.DELETE, lambda client: client.delete("/old")),
    "set": (Op.SET_DATA, lambda client: client.set("/old", b"changed")),
}


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("committed", [True, False])
def test_drop(far, zk, zk_proxy, name, committed):
    """A lost reply: done, but not known to be. A lost request: not done, and the same error."""
    op, act = REQUESTS[name]
    zk.create("/old", b"as it was")
    before = _contents(zk)
    drop = zk_proxy.drop_reply if committed else zk_proxy.drop_request
    trap = drop(op)

    with pytest.raises(ConnectionLoss):
        act(far)

    assert trap.wait().op == op
    assert (_contents(zk) != before) == committed
    far.retry(far.get_children, "/")


def test_drop_counts_and_chooses(far, zk_proxy):
    """Only what `nth`, the kinds and `where` ask for is lost; what went before and after is not."""
    trap = zk_proxy.drop_reply(
        Op.CREATE, Op.SET_DATA, nth=2, where=lambda frame: "chosen" in frame.path
    )
    far.create("/chosen")
    far.create("/other")
    far.get("/chosen")
    assert not trap.caught

    with pytest.raises(ConnectionLoss):
        far.set("/chosen", b"1")

    assert trap.frame.path.endswith("/chosen")
    far.retry(far.set, "/chosen", b"2")


def test_a_trap_can_be_released(far, zk_proxy):
    """Traps that were released, and those that heal found, catch nothing."""
    released = zk_proxy.drop_reply(Op.CREATE)
    released.release()
    healed = zk_proxy.drop_reply(Op.CREATE)
    zk_proxy.heal()

    far.create("/a")

    assert not released.caught
    assert not healed.caught
    with pytest.raises(TimeoutError):
        released.wait(0.01)


def test_nth_counts_from_one(zk_proxy):
    """There is no request before the first."""
    with pytest.raises(ValueError, match="nth"):
        zk_proxy.drop_reply(nth=0)


def test_hold_reply(far, zk, zk_proxy):
    """What is held, and all behind it, waits; the server has done it; then it arrives in order."""
    held = zk_proxy.hold_reply(Op.CREATE)
    created, listed = far.create_async("/a"), far.get_children_async("/")

    assert held.wait().path == f"{far.chroot}/a"
    assert zk.exists("/a")
    assert not created.ready()
    assert not listed.ready()

    held.release()
    assert created.get(timeout=10) == "/a"
    assert listed.get(timeout=10) == ["a"]


def test_hold_request(far, zk, zk_proxy):
    """A request can be kept from the server until something else has happened there."""
    zk.create("/a", b"1")
    held = zk_proxy.hold_request(Op.GET_DATA)
    answer = far.get_async("/a")
    held.wait()
    zk.set("/a", b"2")

    zk_proxy.heal()

    assert answer.get(timeout=10)[0] == b"2"


def test_a_hook_acts_at_the_exact_moment(far, zk, zk_proxy, zk_hosts):
    """The session ends while the reply of a create is on its way: after commit, before return."""
    ended = []

    def end_session(frame):
        hook.cancel()
        expire_session(far, client_id=session, hosts=zk_hosts)
        ended.append(frame.path)

    session = far.client_id
    hook = zk_proxy.on_reply(end_session, Op.CREATE)

    created = far.create_async("/mine", ephemeral=True)

    wait_until(lambda: ended)
    assert ended == [f"{far.chroot}/mine"]
    assert zk.exists("/mine") is None
    assert created.get(timeout=10) == "/mine"
    wait_until(lambda: far.client_id not in (None, session))


def test_hooks_see_requests_in_order(far, zk_proxy):
    """A hook is called with every request of the kinds it asked for, until it is cancelled."""
    seen = []
    hook = zk_proxy.on_request(lambda frame: seen.append((frame.op, frame.path)))
    far.create("/a")
    far.delete("/a")
    hook.cancel()
    far.create("/a")

    root = far.chroot
    assert [one for one in seen if one[0] != Op.PING] == [
        (Op.CREATE, f"{root}/a"),
        (Op.DELETE, f"{root}/a"),
    ]


def test_a_failing_hook_fails_the_test(zk_hosts, zk_client_factory):
    """What a hook raises does not disturb the traffic, and comes out of the with block."""

    def use():
        with Proxy(zk_hosts) as proxy:
            far = zk_client_factory(proxy.hosts)
            proxy.on_request(lambda _: 1 / 0, Op.CREATE)
            created.append(far.create("/a"))

    created = []
    with pytest.raises(ZeroDivisionError):
        use()

    assert created == ["/a"]


# -- the end


def test_close_leaves_nothing(zk_hosts, zk_client_factory):
    """Afterwards there are no threads and no connections, and the port refuses."""
    with Proxy(zk_hosts) as proxy:
        far = zk_client_factory(proxy.hosts)
        proxy.hold_reply(Op.EXISTS)
        answer = far.exists_async("/")
        hosts = proxy.hosts

    assert proxy.connections == 0
    assert not [one for one in threading.enumerate() if one.name.startswith("zktools-proxy")]
    with pytest.raises(ConnectionLoss):
        answer.get(timeout=10)
    with pytest.raises(ConnectionRefusedError):
        four_letter(hosts, "ruok")


def test_a_chroot_is_refused(zk_hosts):
    """A proxy stands for servers, not for a place in their tree."""
    with pytest.raises(ValueError, match="chroot"):
        Proxy(f"{zk_hosts}/a")


def _fastest(client):
    times = []
    for _ in range(15):
        start = time.monotonic()
        client.get("/a")
        times.append(time.monotonic() - start)
    return min(times)


def _contents(client):
    return {name: client.get(f"/{name}")[0] for name in client.get_children("/")}


def _connections(server, session):
    return server.command("cons").count(f"sid=0x{session:x},")
