"""The pages as programs read them: by HTTP, without a browser."""

import http.client
import json
import re
import time
from contextlib import contextmanager
from html import unescape
from urllib.parse import urlencode

PATIENCE = 20.0  # seconds


class Answer:
    """What a server answered."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.html = response.read().decode()

    @property
    def text(self):
        """What a reader sees of it, in one line."""
        visible = re.sub(r"<(script|style|noscript).*?</\1>|<title>[^<]*</title>", "", self.html)
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", visible)).split())


class Site:
    """One server."""

    def __init__(self, port, end):
        self.port = port
        self.end = end
        self.address = f"http://127.0.0.1:{port}"

    def get(self, page, /, headers=(), method="GET", **query):
        """One page."""
        connection = self._connect()
        try:
            connection.request(method, _address(page, query), headers=dict(headers))
            return Answer(connection.getresponse())
        finally:
            connection.close()

    @contextmanager
    def live(self, page, /, **query):
        """The news of a page, as pairs of what kind they are and what they say."""
        connection = self._connect()
        try:
            connection.request("GET", _address(f"/live{page}", query))
            response = connection.getresponse()
            assert response.status == 200, response.status
            yield _events(response)
        finally:
            connection.close()

    def _connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)


def _address(path, query):
    return f"{path}?{urlencode(query)}" if query else path


def _events(response):
    name = None
    for line in response:
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def until(events, text):
    """The first fragment that has `text`, and those before it."""
    seen = []
    deadline = time.monotonic() + PATIENCE
    for name, data in events:
        if time.monotonic() > deadline:
            break
        if name == "fragment":
            seen.append(data)
            if text in unescape(data):
                return seen
    raise AssertionError(seen)
