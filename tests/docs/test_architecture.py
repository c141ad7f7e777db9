"""The page on the architecture names every room, and only rooms that are there."""

import re

import pytest

from docs.pictures.architecture import WINGS, arrows
from docs.pictures.imports import PACKAGE, modules, room_of
from tests.docs.examples import ROOT

PAGE = (ROOT / "docs" / "architecture.rst").read_text(encoding="utf-8")


def test_every_room_is_in_one_wing():
    """A new file or folder below zktools has its place in the drawing."""
    rooms = {room_of(module) for module in modules()} - {"__init__"}

    assert sorted(room for wing in WINGS.values() for room in wing) == sorted(rooms)


@pytest.mark.parametrize("room", [room for rooms in WINGS.values() for room in rooms])
def test_every_room_has_its_words(room):
    """The page says what each room is for."""
    file = f"{room}.py" if (PACKAGE / f"{room}.py").exists() else f"{room}/"

    assert f"``{file}``" in PAGE


@pytest.mark.parametrize("path", sorted(set(re.findall(r"``([a-z_/]+(?:\.py|/))``", PAGE))))
def test_every_place_it_names_is_there(path):
    """Whoever follows the page finds what it speaks of."""
    assert (PACKAGE / path).exists() or (ROOT / path).exists()


@pytest.mark.slow
def test_the_engines_stand_side_by_side():
    """What the drawing shows first: queues and live paths do not know each other."""
    below = arrows()

    assert "_live" not in below["_queue"]
    assert "_queue" not in below["_live"]
