"""Who is let in, and what browsers are told."""

import http.client

import pytest

from tests.cli.web.support import PATIENCE


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_it_can_only_be_read(site, method):
    """Whatever is not GET or HEAD is refused, on every page, streams and files included."""
    for path in ("/", "/locks", "/live/locks", "/static/zooky.js", "/nix"):
        answer = site.get(path, method=method)
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD"


def test_head(site):
    """The headers, and nothing else; a stream does not go on for ever."""
    for path in ("/", "/live/locks"):
        answer = site.get(path, method="HEAD")
        assert (answer.status, answer.html) == (200, "")
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)
    for method, path in (("HEAD", "/live/locks"), ("GET", "/")):
        connection.request(method, path)
        assert connection.getresponse().read().endswith(b"</html>") is (method == "GET")
    connection.close()


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil", "", "::"],
)
def test_other_names_are_refused(site, host):
    """A name of somebody else's that was made to lead here (DNS rebinding) reads nothing."""
    answer = site.get("/", {"Host": host})

    assert answer.status == 421
    assert "Locks" not in answer.html
    assert "--allow-host" in answer.text


def test_ours_are_not(serve):
    """localhost, addresses, and what the command line allows, with any port."""
    site = serve(names=["ops.example"])

    for host in ("localhost", "localhost:1", "127.0.0.1:80", "[::1]:8090", "OPS.example:443"):
        assert site.get("/", {"Host": host}).status == 200


def test_pages_from_elsewhere_may_link_here_and_no_more(site):
    """They cannot use a reader's browser to have us work, nor to show us in a frame."""
    cross = {"Sec-Fetch-Site": "cross-site"}
    link = {**cross, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

    assert site.get("/", link).status == 200
    assert site.get("/", {**link, "Sec-Fetch-Dest": "iframe"}).status == 403
    assert site.get("/live/locks", {**cross, "Sec-Fetch-Mode": "cors"}).status == 403
    assert site.get("/static/zooky.js", {**cross, "Sec-Fetch-Mode": "no-cors"}).status == 403


def test_what_browsers_are_told(site):
    """No script but ours, no frame, no cookie, nothing kept; on errors, too."""
    for path in ("/", "/nix", "/locks/queue?name=nix", "/static/zooky.js", "/live/locks"):
        headers = site.get(path, method="HEAD").headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Set-Cookie"] is None
        assert headers["Access-Control-Allow-Origin"] is None


def test_files_are_those_beside_the_pages(site):
    """Nothing above their folder is served."""
    assert site.get("/static/zooky.css").status == 200
    assert site.get("/static/../views.py").status == 404
    assert site.get("/static/%2e%2e/views.py").status == 404
    assert site.get("/static/").status == 404


def test_no_script_and_no_style_in_the_pages(site, hold):
    """The policy would refuse them."""
    hold("busy")
    for path in ("/", "/locks", "/locks/queue?name=busy", "/configuration"):
        html = site.get(path).html
        assert html.count("<script") == 1
        assert '<script src="/static/zooky.js" defer></script>' in html
        assert " style=" not in html
        assert " on" not in html.replace(" on ", "").replace(" one", "").replace(" only", "")
