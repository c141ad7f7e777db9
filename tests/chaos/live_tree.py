"""A tree that is changed by transactions, so that any view of it says whether it is whole.

Every value is the number of the transaction that wrote it, the same for all; and one key exists
while that number is odd. A view with two numbers, or with the odd key at an even one, was torn.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException

from tests.chaos.history import Journal

NODE, DICT, CONFIG = "/live-node", "/live-dict", "/live-config"
KEYS = [f"key{number}" for number in range(8)]
ODD = "odd"
_FOLDERS = (DICT, f"{CONFIG}/deep")
_INTERVAL = 0.03  # seconds between two transactions
_ANSWER = 2.0


def describe(view: Mapping[str, int]) -> tuple[list[int], bool]:
    """The numbers in a view, and whether the odd key is there."""
    return sorted(set(view.values())), any(key.rpartition("/")[2] == ODD for key in view)


class Writer:
    """Counts up, by one transaction after the other, over a client that no fault is aimed at."""

    def __init__(self, client: KazooClient, journal: Journal) -> None:
        self.number = 0
        self.committed = 0
        """The newest number that was certainly written."""
        self._client = client
        self._journal = journal
        self._over = threading.Event()
        for folder in _FOLDERS:
            client.ensure_path(folder)
        for path in (NODE, *(f"{folder}/{key}" for folder in _FOLDERS for key in KEYS)):
            client.create(path, b"0")
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> int:
        """Write no more, and return the last number."""
        self._over.set()
        self._thread.join()
        while not self._write():
            self._over.wait(0.05)  # nothing of unknown outcome is left behind
        return self.number

    def _run(self) -> None:
        while not self._over.wait(_INTERVAL):
            self._write()

    def _write(self) -> bool:
        number = self.number + 1
        try:
            odd = self._client.exists_async(f"{DICT}/{ODD}").get(timeout=_ANSWER) is not None
            results = self._transaction(number, odd).commit_async().get(timeout=_ANSWER)
        except (KazooException, self._client.handler.timeout_exception):
            self.number = number  # it may have been carried out, now or later
            return False
        if any(isinstance(result, Exception) for result in results):
            return False
        self.number = self.committed = number
        self._journal.write("committed", number=number)
        return True

    def _transaction(self, number: int, odd: bool) -> object:
        data = str(number).encode()
        request = self._client.transaction()
        for path in self._paths():
            request.set_data(path, data)
        for folder in _FOLDERS:
            path = f"{folder}/{ODD}"
            if number % 2 and not odd:
                request.create(path, data)
            elif number % 2:
                request.set_data(path, data)
            elif odd:
                request.delete(path)
        return request

    def _paths(self) -> Iterable[str]:
        yield NODE
        for folder in _FOLDERS:
            for key in KEYS:
                yield f"{folder}/{key}"
