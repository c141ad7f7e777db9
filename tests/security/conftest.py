import pytest

from tests.security import page
from zktools.testing import Server, claim_port


@pytest.fixture(scope="package")
def etc(tmp_path_factory):
    """The server's folder, with certificates made by the page's commands."""
    folder = tmp_path_factory.mktemp("etc")
    page.run_commands("certificates", folder)
    return folder


@pytest.fixture(scope="package")
def tls_server(etc, tmp_path_factory):
    """The address of a server with the page's settings for TLS."""
    options = page.settings("zoo-cfg-tls", etc)
    port = claim_port()
    options["secureClientPort"] = port.number
    with Server(options=options, parent=tmp_path_factory.getbasetemp()):
        yield f"127.0.0.1:{port.number}"
    port.release()


@pytest.fixture(scope="package")
def sasl_server(etc, tmp_path_factory):
    """A server with the page's settings for SASL."""
    (etc / "jaas.conf").write_text(page.block("jaas"))
    properties = page.settings("sasl-properties", etc)
    with Server(jvm_options=properties, parent=tmp_path_factory.getbasetemp()) as server:
        yield server


@pytest.fixture
def client():
    """Call it to keep a client that is stopped after the test."""
    kept = []

    def keep(zk):
        kept.append(zk)
        return zk

    yield keep
    for zk in kept:
        zk.stop()
        zk.close()
