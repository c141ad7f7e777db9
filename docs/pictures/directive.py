"""The Sphinx extension that puts the pictures into pages."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.parsers.rst import Directive

from docs.pictures import PICTURES

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class PictureDirective(Directive):
    """``.. picture:: NAME`` with a caption as its content, which says in words what one sees."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Put the drawing and its caption into the page."""
        name = self.arguments[0]
        if name not in PICTURES:
            raise self.error(f"no picture {name!r}; there are: {', '.join(sorted(PICTURES))}")
        self.assert_has_content()
        for module in Path(__file__).parent.glob("*.py"):  # drawn again when they change
            self.state.document.settings.record_dependencies.add(str(module))
        words = " ".join(self.content)
        figure = (
            f'<figure class="zk-picture" role="img" aria-label="{escape(words)}">'
            f'<div class="wide">{PICTURES[name]().svg()}</div>'
            f"<figcaption>{escape(words)}</figcaption></figure>"
        )
        return [nodes.raw("", figure, format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("picture", PictureDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
