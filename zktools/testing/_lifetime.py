"""``with`` for what is started and stopped, and leaves its log behind when something went wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self


class Lifetime(ABC):
    """Started on entering; stopped on leaving, its folder kept if the body failed."""

    @abstractmethod
    def start(self) -> Self:
        """Start it, and wait until it serves."""

    @abstractmethod
    def stop(self, *, keep_folder: bool = False) -> None:
        """End it. May be called again."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, *__: object
    ) -> None:
        self.stop(keep_folder=isinstance(error, Exception))
