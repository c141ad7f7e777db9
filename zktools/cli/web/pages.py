"""Answers: whole pages, and the streams that keep them up to date."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from zktools._engine.clock import now
from zktools.cli.connection import Connection
from zktools.cli.problems import Problem, problem_of
from zktools.cli.repeating import Seen
from zktools.cli.statuses import Status
from zktools.cli.top_view import outage
from zktools.cli.web.looks import Looks
from zktools.cli.web.rendering import Fragment, Rendering, link
from zktools.cli.web.scene import Scene
from zktools.cli.web.views import TABS, View
from zktools.exceptions import NotConnectedError

_GLANCE = 0.25  # seconds between two looks for news
_QUIET = 15.0  # seconds after which something is said, so that who has left is noticed
_KEPT = 128  # fragments
_HTTP = {Status.MISSING: 404, Status.DENIED: 403, Status.UNREACHABLE: 503, Status.REFUSED: 503}


class Pages:
    """All pages.

    Args:
        views: by path.
        looks: what they look at.
        is_ending: whether the server is about to end.
    """

    def __init__(
        self,
        views: Mapping[str, View],
        looks: Looks,
        connection: Connection,
        is_ending: Callable[[], bool],
    ) -> None:
        self._views = views
        self._looks = looks
        self._connection = connection
        self._is_ending = is_ending
        self._rendering = Rendering()
        self._kept: dict[str, tuple[object, Fragment]] = {}

    async def page(self, request: Request) -> Response:
        """A whole page."""
        view = self._views[request.url.path]
        try:
            scene = view.scene(request.query_params)
        except ValueError as error:
            problem = Problem(Status.USAGE, str(error))
            return self._answer(request, view.tab, None, self._trouble(problem), 400)
        try:
            async with self._looks.at(scene.source) as repeated:
                seen = repeated.seen
                fragment = self._fragment(request, scene, seen)
        except (NotConnectedError, Problem) as error:
            problem = problem_of(error)
            return self._answer(
                request, view.tab, scene, self._trouble(problem), _http_status(problem)
            )
        return self._answer(request, view.tab, scene, fragment, _http_status(seen.what))

    async def live(self, request: Request) -> Response:
        """What changes of a page, as it changes."""
        view = self._views[request.url.path.removeprefix("/live")]
        try:
            scene = view.scene(request.query_params)
        except ValueError as error:
            return Response(f"{error}\n", 400, media_type="text/plain")
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        return StreamingResponse(self._news(request, scene), media_type="text/event-stream")

    async def _news(self, request: Request, scene: Scene) -> AsyncIterator[str]:
        shown: Fragment | None = None
        said = now()
        async with aclosing(self._fragments(request, scene)) as fragments:
            async for fragment in fragments:
                event = _event(shown, fragment)
                if event or now() - said >= _QUIET:
                    yield event or ": still here\n\n"
                    said = now()
                shown = fragment

    async def _fragments(self, request: Request, scene: Scene) -> AsyncGenerator[Fragment, None]:
        """As it is, again and again."""
        while await self._is_wanted(request):
            try:
                async with self._looks.at(scene.source) as repeated:
                    while await self._is_wanted(request):
                        yield self._fragment(request, scene, repeated.seen)
                        await asyncio.sleep(_GLANCE)
            except (NotConnectedError, Problem) as error:
                yield self._trouble(problem_of(error))
                await asyncio.sleep(_GLANCE)

    async def _is_wanted(self, request: Request) -> bool:
        # Not every uvicorn ends the stream of a reader who has left.
        return not self._is_ending() and not await request.is_disconnected()

    def _fragment(self, request: Request, scene: Scene, seen: Seen[Any]) -> Fragment:
        """Made once for all who look at the same page in the same second."""
        connected = self._connection.session.connected
        seen = seen if connected else replace(seen, current=False)
        address = f"{request.url.path.removeprefix('/live')}?{request.url.query}"
        moment = (id(seen.what), seen.at, seen.current, int(now()))
        kept = self._kept.get(address)
        if kept is not None and kept[0] == moment:
            return kept[1]
        fragment = self._rendered(scene, seen)
        if len(self._kept) >= _KEPT:
            self._kept.clear()
        self._kept[address] = (moment, fragment)
        return fragment

    def _rendered(self, scene: Scene, seen: Seen[Any]) -> Fragment:
        if isinstance(seen.what, Problem):
            return self._trouble(seen.what, outage(seen))
        try:
            facts = scene.facts(seen.what)
        except Exception as error:  # noqa: BLE001 - shown to whoever looks
            return self._trouble(problem_of(error))
        return self._rendering.fragment(scene.template, {**facts, "outage": outage(seen)})

    def _trouble(self, problem: Problem, out: str = "") -> Fragment:
        facts = {"problem": problem.message, "outage": out}
        return self._rendering.fragment("trouble.html", facts)

    def _answer(
        self, request: Request, tab: str, scene: Scene | None, fragment: Fragment, status: int
    ) -> Response:
        html = self._rendering.page(
            "page.html",
            {
                "title": scene.title if scene is not None else "zooky",
                "tabs": TABS,
                "tab": tab,
                "hosts": self._connection.settings.hosts,
                "scene": scene,
                "form": dict(scene.form_facts) if scene is not None else {},
                "address": link(request.url.path, **request.query_params),
                "fragment": fragment,
            },
        )
        return HTMLResponse(html, status)

    async def missing(self, request: Request, _error: Exception) -> Response:
        """No such page."""
        problem = Problem(Status.MISSING, f"there is no page {request.url.path}")
        return self._answer(request, "", None, self._trouble(problem), 404)


def _http_status(what: object) -> int:
    if not isinstance(what, Problem):
        return 200
    return next((code for status, code in _HTTP.items() if status == what.status), 500)


def _event(before: Fragment | None, after: Fragment) -> str:
    """What to send to one who has seen `before`; nothing where that is the same."""
    if before is not None and before.parts == after.parts:
        return "" if before.ages == after.ages else _message("ages", after.ages)
    return _message("fragment", after.html)


def _message(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
