"""Works through an endless queue of files, one a second, until it is told to stop."""

import random
import signal
import threading
from itertools import count

import humanize

INTERVAL = 1.0  # seconds

stopping = threading.Event()


def work(number: int) -> int:
    """Processes one file and returns its size in bytes."""
    size = random.randrange(1_000, 5_000_000)
    print(f"processed file {number}: {humanize.naturalsize(size)}", flush=True)
    return size


def main() -> None:
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stopping.set())

    print("worker started", flush=True)
    total = 0
    for number in count(1):
        total += work(number)
        if stopping.wait(INTERVAL):
            break
    print(f"worker stopped: {number} files, {humanize.naturalsize(total)}", flush=True)


if __name__ == "__main__":
    main()
