"""Sphinx configuration. Build with ``make docs``; nothing is fetched from the network."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.ext.napoleon import Config, GoogleDocstring

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

sys.path.insert(0, str(Path(__file__).parents[1]))  # for docs.pictures

project = "zktools"
author = "the zktools contributors"
project_copyright = "the zktools contributors"
version = release = installed_version("zktools")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "docs.pictures.directive",
]

html_theme = "furo"
html_title = f"zktools {release}"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["pages.css"]

default_role = "py:obj"
exclude_patterns = ["_build"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"

nitpicky = True
nitpick_ignore_regex = [
    # Other projects' names stay plain text: links would need their inventories, from the network.
    (
        r"py:.*",
        r"(kazoo|gevent|pytest|_pytest|pydantic|collections|contextlib|datetime|decimal|os|pathlib|uuid)\..*",
    ),
    (r"py:class", r"(ACL|KazooClient|Path|PathLike)"),
    # What it may be is said in words.
    (r"py:class", r"LayoutName|Keep|Options|Unit"),
    # Type variables are no classes.
    (r"py:class", r"zktools\.[\w.]+\.[A-Z]"),
    # The engine's modules are mentioned for those who read the code, and have no pages.
    (r"py:.*", r"zktools\..*\b_.*"),
]


def convert_sections(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Turn sections such as ``Args:`` into fields.

    As sphinx.ext.napoleon does, except for properties: there it takes "The token: an int" for a
    type and its description.
    """
    if what not in {"attribute", "data", "property"}:
        lines[:] = GoogleDocstring(lines, Config(), app, what, name, obj, options).lines()


def find_short_name(
    app: Sphinx, env: BuildEnvironment, node: nodes.Element, text: nodes.TextElement
) -> nodes.Element | None:
    """Let docstrings say ``:class:`LockLost``` for ``zktools.exceptions.LockLost`` anywhere.

    What is in single backquotes without a role is a link if it names something close by, and
    otherwise code: an argument, a fixture.
    """
    if node.get("refdomain") != "py":
        return None
    if node["reftype"] == "obj":
        return text
    node["refspecific"] = True
    return env.domains["py"].resolve_xref(
        env, node["refdoc"], app.builder, node["reftype"], node["reftarget"], node, text
    )


def setup(app: Sphinx) -> None:
    """Register the two functions above."""
    app.connect("autodoc-process-docstring", convert_sections)
    app.connect("missing-reference", find_short_name)
