"""The awaiting face of zktools, for :mod:`asyncio`."""

from zktools.aio.client import client

__all__ = ["client"]
