"""`zooky web` as a command."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys

import pytest


@pytest.fixture
def running(start):
    """Call it with options: the process, and the port of its pages."""

    def run(*options):
        process = start("web", "--port", "0", *options)
        port = re.search(r":(\d+)/ shows", process.expect("http://"))[1]
        return process, int(port)

    return run


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, -15, marks=pytest.mark.slow)],
)
def test_it_serves_until_it_is_told_to_end(running, hold, number, status):
    """Also while somebody looks; nothing is left behind, and nothing is printed."""
    hold("busy")
    process, port = running()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/live/locks")
    stream = connection.getresponse()
    assert stream.readline() == b"event: fragment\n"
    assert "busy" in json.loads(stream.readline().decode().removeprefix("data: "))
    process.send(number)

    assert process.end() == status
    assert [line for line in process.errors if line] == []
    assert process.lines[0].startswith(f"http://127.0.0.1:{port}/ shows 127.0.0.1:")
    connection.close()


@pytest.mark.slow
def test_elsewhere_only_when_told(running):
    """And then it says what that means."""
    process, port = running("--bind", "0.0.0.0")  # noqa: S104 - that is what it is about

    assert "whoever reaches 0.0.0.0 sees what your credentials see" in process.expect(
        "zooky: note:", process.errors
    )
    with socket.create_connection(("127.0.0.1", port), 5):
        pass


def test_a_port_that_is_taken(zooky):
    """One line with the remedy, before anything else."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = zooky("web", "--port", str(taken.getsockname()[1]))

    assert result.exit_code == 2
    assert "try another --port" in result.stderr
    assert zooky("web", "--bind", "nix.invalid", "--port", "0").exit_code == 2


@pytest.mark.slow
def test_without_its_extra():
    """One line says what to install; zooky itself, and its help, do without."""
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('starlette', 'uvicorn', 'jinja2'))); "
        "from zktools.cli import main; main()"
    )

    def run(*arguments):
        command = [sys.executable, "-c", program, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    refused = run("web")
    assert refused.returncode == 2
    assert refused.stderr == "zooky: zooky web needs its extra: pip install 'zktools[web]'\n"
    assert run("--help").returncode == 0
