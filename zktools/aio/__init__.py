"""The awaiting face of zktools, for ``asyncio``."""

from zktools.aio.client import client

__all__ = ["client"]
