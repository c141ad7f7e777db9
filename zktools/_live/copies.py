"""Values that nobody else has: what a caller changes in place must not change what others read."""

from __future__ import annotations

import copy
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")

#: Types of values that cannot be changed in place: everybody may have the same object.
UNCHANGEABLE = frozenset(
    (
        *(str, bytes, int, float, complex, bool, type(None)),
        *(Decimal, Fraction, date, datetime, time, timedelta, UUID),
    )
)


def own(value: T) -> T:
    """`value`, or where it can be changed in place, a copy of it."""
    return value if type(value) in UNCHANGEABLE else copy.deepcopy(value)
