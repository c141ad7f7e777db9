"""The server: from the connection and the options to pages, until it is told to end."""

from __future__ import annotations

import socket

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from zktools.cli.connection import Connection
from zktools.cli.problems import debugging
from zktools.cli.web.guard import Guard
from zktools.cli.web.looks import Looks
from zktools.cli.web.options import Options
from zktools.cli.web.pages import Pages
from zktools.cli.web.rendering import FOLDER
from zktools.cli.web.views import views

_MOST = 200  # connections at a time
_FAREWELL = 2  # seconds for those that are under way


class Serving:
    """A server that shows what `connection` sees."""

    def __init__(self, connection: Connection, options: Options) -> None:
        self._looks = Looks(options.interval)
        shown = views(connection, options)
        pages = Pages(shown, self._looks, connection, lambda: self._server.should_exit)
        routes = [
            *(Route(path, pages.page) for path in shown),
            *(Route(f"/live{path}", pages.live) for path in shown),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
        ]
        app = Starlette(routes=routes, exception_handlers={404: pages.missing})
        self._server = uvicorn.Server(_config(Guard(app, options.names)))

    def run(self, listening: socket.socket) -> None:
        """Serve until :meth:`end`; in the main thread, until SIGINT or SIGTERM as well."""
        try:
            self._server.run([listening])
        finally:
            self._looks.end()

    def end(self) -> None:
        """Have :meth:`run` come to its end, from any thread."""
        self._server.should_exit = True


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="debug" if debugging() else "critical",
        access_log=debugging(),
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_MOST,
        timeout_graceful_shutdown=_FAREWELL,
    )
