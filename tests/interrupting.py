"""Interrupting a call at one of the points where KeyboardInterrupt can come."""

import sys


def interrupted(nth, function, *, within="", may_be_swallowed=False):
    """Call `function` with KeyboardInterrupt at the nth point; whether it came out of it.

    CPython looks for signals when a function is entered and when a call has returned; those in
    files whose path contains `within` count. False where there are no more points than that. An
    interrupt that does not come out is an error, unless it may be swallowed.
    """
    left = nth

    def look(frame, event, _):
        nonlocal left
        if event in ("call", "c_return") and within in frame.f_code.co_filename:
            left -= 1
            if left == 0:
                raise KeyboardInterrupt

    sys.setprofile(look)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    assert left > 0 or may_be_swallowed, f"interrupt number {nth} was swallowed"
    return False
