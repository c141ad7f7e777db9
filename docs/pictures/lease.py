"""The life of a lease, from joining the queue to its end."""

from __future__ import annotations

from docs.pictures.svg import Drawing


def draw() -> Drawing:
    """States as boxes, and what leads from one to the next."""
    sheet = Drawing(720, 330)
    _states(sheet)
    _ways(sheet)
    return sheet


def _states(sheet: Drawing) -> None:
    sheet.box((10, 40), (140, 64), "quiet", "in the queue", "acquire() waits")
    sheet.box((250, 30), (200, 84), "good", "held", "is_held True\nasked back: revoked True")
    sheet.box((584, 40), (130, 64), "quiet", "released", "release() → True")
    sheet.box((250, 232), (200, 76), "warn", "not proven", "is_held False\nlost not set")
    sheet.box((584, 232), (130, 76), "bad", "lost for good", "revoked True\nlost set")
    sheet.words((80, 262), "left the queue,\nnothing left behind", look="muted")


def _ways(sheet: Drawing) -> None:
    sheet.arrow((150, 72), (248, 72))
    sheet.words((199, 64), "granted")
    sheet.arrow((450, 72), (582, 72))
    sheet.words((516, 64), "release()")
    sheet.arrow((80, 104), (80, 244))
    sheet.words((88, 166), "deadline, cancel(),\nany exception", anchor="start")
    sheet.arrow((285, 114), (285, 230))
    sheet.words((278, 200), "connection\nlost", anchor="end")
    sheet.arrow((415, 232), (415, 116))
    sheet.words((350, 166), "same session,\nnode still there")
    sheet.arrow((450, 270), (582, 270))
    sheet.words((516, 262), "⅔ of the timeout,")
    sheet.words((516, 287), "or a new session")
    sheet.arrow((450, 96), (610, 230))
    ends = "destroyed, session over,\nor ⅔ of the timeout\nwithout a sign of life"
    sheet.words((556, 148), ends, anchor="start")
    sheet.arrow((40, 40), (40, 18), (110, 18), (110, 38))
    sheet.words((118, 22), "session over, or deleted: queues again", anchor="start", look="muted")
