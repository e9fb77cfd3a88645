# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes on in the background of a test: pages that are compared, hosts that talk."""
import contextlib
import http.client
import itertools
import threading
import time

import traffic
from daemon import NATIVE


@contextlib.contextmanager
def background(work, *arguments):
    """Calls work again and again, in a thread. What it raises is raised at the end."""
    over = threading.Event()
    raised = []

    def loop():
        try:
            while not over.is_set():
                work(*arguments)
        except BaseException as error:  # pylint: disable=broad-exception-caught
            raised.append(error)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        if raised:  # on top of what else went wrong
            raise raised[0]


class Watch:
    """Asks for pages all the time: no counter ever goes back, and no host's ever goes away."""

    def __init__(self, daemon, every=0.2, forgets=False, macs=None):
        """macs: of the hosts that matter, default all."""
        self.daemon, self.every, self.forgets, self.macs = daemon, every, forgets, macs
        self.highest = {}
        self.pages = 0
        self.loop = background(self.look)

    def __enter__(self):
        self.loop.__enter__()
        return self

    def __exit__(self, *exception):
        try:
            if not exception[0]:
                wait_until(lambda: self.pages > 1)
        finally:
            self.loop.__exit__(*exception)

    def look(self):
        time.sleep(self.every)
        try:
            page = self.daemon.page()
        except (OSError, http.client.HTTPException):
            return  # no daemon runs
        now = {(name, *sorted(labels.items())): value for name, labels, value in page.samples
               if name in NATIVE and (not self.macs or labels["mac"].lower() in self.macs)
               or name.startswith("mezoura_unattributed_")}
        for series, value in self.highest.items():
            assert self.forgets or series in now, f"gone: {series}, which was {value}"
            assert now.get(series, value) >= value, f"{series}: {value}, then {now[series]}"
        self.highest.update(now)
        self.pages += 1


def talk(client, internet, address, pause=0.05, silences=None):
    """A host that always has something to say to address, which is for it alone; it has begun.

    silences: a list that gets the seconds between two things said; on a busy machine they are many.
    """
    said = time.monotonic()

    # a process that was just started may hold the listening socket of the last time still
    ports = itertools.cycle(range(10000, 11000))

    def once():
        nonlocal said
        with traffic.connected(client, internet, address, port=next(ports)) as (near, far):
            traffic.pump(near, far, 20000)
            traffic.pump(far, near, 40000)
        if silences is not None:
            silences.append(time.monotonic() - said)
            said = time.monotonic()
        time.sleep(pause)

    once()
    return background(once)


def wait_until(what, seconds=90, daemon=None):
    """Until what() is true, which has to be soon. Returns how long it took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, \
            f"still not so after {seconds} s: {daemon and (daemon.said()[-3000:], daemon.page().text)}"
        time.sleep(0.1)
    return time.monotonic() - began
