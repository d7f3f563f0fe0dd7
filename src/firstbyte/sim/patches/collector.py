"""The garbage collector runs less often while a world does.

A world of thousands of connections is one big, living graph: looking through it at the usual rate
costs more time than everything else together.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (50_000, 20, 50)


@contextmanager
def patient_collector() -> Iterator[None]:
    """Higher thresholds until the end of the ``with``, unless they are higher already."""
    usual = gc.get_threshold()
    if 0 < usual[0] < THRESHOLDS[0]:
        gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
