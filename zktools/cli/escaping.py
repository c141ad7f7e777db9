"""Text from elsewhere, made harmless for a terminal.

Anybody who may write to ZooKeeper chooses names and data. Shown as they are, they could move the
cursor, forge lines, set the terminal's title or answer for the operator.
"""

from __future__ import annotations

from typing import Any

# Where Python puts bytes that are no UTF-8.
_BYTES = range(0xDC80, 0xDD00)


def escaped(text: Any) -> str:
    r"""`text` with everything that is not plainly visible written as ``\xNN``, ``\uNNNN``.

    Control characters, line breaks, bidirectional overrides, unusual spaces, private and unassigned
    characters. Backslashes are doubled, so that what is shown is unambiguous. Bytes are read as
    UTF-8.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    return "".join(map(_shown, str(text)))


def _shown(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    code = ord(character)
    if code in _BYTES:
        code -= 0xDC00
    digits = f"{code:x}"
    for letter, width in (("x", 2), ("u", 4)):
        if len(digits) <= width:
            return f"\\{letter}{digits:0>{width}}"
    return f"\\U{digits:0>8}"
