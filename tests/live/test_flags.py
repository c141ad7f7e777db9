"""Features that are on for a share of users."""

from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zktools._configuration.flags import is_on, place
from zktools.configuration import Configuration
from zktools.exceptions import InvalidValueError

UNITS = st.one_of(st.text(), st.integers(), st.binary(), st.uuids())
PERCENT = st.one_of(
    st.integers(0, 100), st.floats(0, 100), st.decimals(0, 100, allow_nan=False, places=3)
)


@given(UNITS, PERCENT, PERCENT)
def test_who_has_it_keeps_it_while_the_share_grows(unit, one, other):
    """Nobody has it at 0, and everybody at 100."""
    low, high = sorted((one, other))
    assert is_on(high, "flag", unit) or not is_on(low, "flag", unit)
    assert is_on(100, "flag", unit)
    assert not is_on(0, "flag", unit)


@pytest.mark.parametrize("percent", [1, 20, Decimal("33.3"), 99.5])
def test_the_share_is_as_said(percent):
    """Of many; and two flags share no more units than chance has it."""
    number = 20_000
    one, other = ({n for n in range(number) if is_on(percent, key, n)} for key in ("a", "b"))
    share = float(percent) / 100
    assert abs(len(one) / number - share) < 0.012
    assert abs(len(one & other) / number - share**2) < 0.012


def test_it_is_the_same_for_ever():
    """In every release: the places are written down."""
    assert place("new_search", "user-1") == 0x5CBBDC44AB5D14FC
    assert place("new_search", 7) == place("new_search", "7") == place("new_search", b"7")
    unit = UUID(int=7)
    assert place("f", unit) == place("f", str(unit))


def test_a_flag_of_a_configuration(zk):
    """A truth value, a percentage, or a default; and what it cannot be is said."""
    flags = Configuration(zk, "/flags", {"off": False, "some": 50})
    flags.store({"on": True, "text": "half", "much": 101, "section": {"x": 0}})

    assert [flags.flag(key) for key in ("on", "off", "none")] == [True, False, False]
    assert flags.flag("none", default=True)
    assert len({flags.flag("some", number) for number in range(50)}) == 2
    assert not flags.flag("section/x", "anybody")
    for key in ("text", "much"):
        with pytest.raises(InvalidValueError, match=f"'{key}' must be true, false, or from 0"):
            flags.flag(key, "user")
    for unit in (None, 1.5, True):
        with pytest.raises(TypeError, match="unit must be"):
            flags.flag("some", unit)
    with pytest.raises(ValueError, match="key"):
        flags.flag("/on")
