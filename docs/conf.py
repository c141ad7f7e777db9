"""Sphinx configuration. Build with ``make docs``; nothing is fetched from the network."""

from importlib.metadata import version as installed_version

project = "zktools"
author = "the zktools contributors"
project_copyright = "the zktools contributors"
version = release = installed_version("zktools")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]

html_theme = "furo"
html_title = f"zktools {release}"
html_show_sourcelink = False

default_role = "code"
exclude_patterns = ["_build"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"

nitpicky = True
# Other projects' names stay plain text: links would need their inventories, from the network.
_OTHERS = r"(kazoo|gevent|pytest|_pytest|pydantic|collections|contextlib|datetime|decimal|pathlib)"
nitpick_ignore_regex = [
    (r"py:.*", rf"{_OTHERS}\..*"),
]
