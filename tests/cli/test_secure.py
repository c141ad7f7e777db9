"""zooky reaches ensembles that want TLS or a SASL login."""

import shutil
import subprocess

import pytest

from tests.cli.support import Zooky
from zktools.testing import Server, claim_port

NETTY = "org.apache.zookeeper.server.NettyServerCnxnFactory"
SASL = "org.apache.zookeeper.server.auth.SASLAuthenticationProvider"
JAAS = """
Server {
    org.apache.zookeeper.server.auth.DigestLoginModule required
    user_operator="secret";
};
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A folder with a key and a certificate for this machine."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    both = (folder / "key.pem").read_text() + (folder / "cert.pem").read_text()
    (folder / "both.pem").write_text(both)
    return folder


@pytest.fixture(scope="module")
def secure(certificate):
    """A server that speaks TLS and knows one user; its port for TLS and that without."""
    port = claim_port()
    (certificate / "jaas.conf").write_text(JAAS)
    options = {
        "secureClientPort": port.number,
        "serverCnxnFactory": NETTY,
        "authProvider.sasl": SASL,
    }
    properties = {
        "zookeeper.ssl.keyStore.location": certificate / "both.pem",
        "zookeeper.ssl.trustStore.location": certificate / "cert.pem",
        "zookeeper.ssl.clientAuth": "none",
        "java.security.auth.login.config": certificate / "jaas.conf",
    }
    with Server(options=options, jvm_options=properties) as server:
        yield f"localhost:{port.number}", server.hosts
    port.release()


@pytest.mark.slow
# kazoo leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_tls(secure, certificate):
    """With the certificate to trust it works; without it the reason is told."""
    zooky = Zooky(secure[0])
    trust = ["--tls", "--ca", str(certificate / "cert.pem"), "--check-hostname"]
    refused = zooky("list", "--tls", "--connect-timeout", "4s")

    assert zooky("list", *trust).exit_code == 0
    assert zooky("list", "--tls", "--no-verify").exit_code == 0
    assert refused.exit_code == 6
    assert "certificate verify failed" in refused.stderr


@pytest.mark.slow
def test_tls_from_the_environment(secure, certificate):
    """As a service is set up."""
    zooky = Zooky(secure[0])

    assert zooky("list", ZOOKY_TLS="1", ZOOKY_CA=str(certificate / "cert.pem")).exit_code == 0


def test_sasl(secure):
    """The right password logs in; a wrong one is status 5, at once."""
    pytest.importorskip("puresasl", reason="needs pure-sasl")
    zooky = Zooky(secure[1])
    login = ["--sasl-mechanism", "DIGEST-MD5", "--sasl-username", "operator"]
    wrong = zooky("list", *login, "--sasl-password", "wrong", "--connect-timeout", "20s")

    assert zooky("list", *login, ZOOKY_SASL_PASSWORD="secret").exit_code == 0
    assert wrong.exit_code == 5
    assert "the login was refused" in wrong.stderr
