"""Looking into the stack of kazoo's thread."""

import subprocess
import sys

MANY_LOOKS = """
import gc, threading, time
from zktools._engine.wire.handshake import _top_frame

class Garbage:
    def __init__(self):
        self.itself = self

    def __del__(self):
        time.sleep(0)  # other threads run

def come_and_go():
    while not over:
        threading.Thread(target=int).start()

over = False
threading.Thread(target=come_and_go).start()
gc.set_threshold(1)
for _ in range(2000):
    Garbage()
    assert _top_frame(threading.current_thread()) is not None
assert gc.isenabled()
gc.disable()
_top_frame(threading.current_thread())
assert not gc.isenabled()
over = True
"""


def test_no_garbage_is_collected_while_looking():
    """Threads that come and go, and finalizers that let them, never stop the process by a look."""
    subprocess.run([sys.executable, "-c", MANY_LOOKS], check=True, timeout=30)
