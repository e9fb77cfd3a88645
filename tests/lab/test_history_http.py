# SPDX-License-Identifier: GPL-2.0-or-later
"""/api/v1/history: the exporter asks the recorder, and serves others meanwhile."""
import concurrent.futures
import json
import os
import signal

import house
import pytest
from daemon import Daemon
from test_exporter import stop_and_wait, unread
from test_interfaces import wait_for
from watch import wait_until

pytestmark = pytest.mark.skipif(not house.HISTORY, reason="mezoura was built without history")


def status(daemon):
    return json.loads(daemon.get("/api/v1/status"))["history"]


def ask_one_that_sleeps(daemon, threads, *steps):
    """Returns it, and the answers to come: it has been asked, and has not heard it."""
    recorder = daemon.recorder()
    stop_and_wait(recorder)
    asked = [threads.submit(daemon.ask, f"/api/v1/history?step={step}") for step in steps]
    wait_for("a question", lambda: unread(daemon, recorder))
    return recorder, asked


def test_a_recorder_that_hangs_delays_no_scrape(home):
    """The history is there after a scrape that came later. Where a machine is so slow that the exporter
    gives up the question before, this is tried again."""
    with Daemon(home.router, history=True) as daemon, concurrent.futures.ThreadPoolExecutor() as threads:
        wait_for("a report", lambda: status(daemon)["answers"])

        def scraped_meanwhile():
            recorder, asked = ask_one_that_sleeps(daemon, threads, "hour", "day", "month")
            daemon.page()
            os.kill(recorder, signal.SIGCONT)
            return [answer.result()[0] for answer in asked] == [200, 200, 200]

        wait_until(scraped_meanwhile, daemon=daemon)


def test_another_recorder_is_asked_again(home):
    """Tried again, too, where a machine takes so long for the next one."""
    with Daemon(home.router, history=True) as daemon, concurrent.futures.ThreadPoolExecutor() as threads:

        def answered():
            wait_for("a report", lambda: daemon.recorder() and status(daemon)["answers"])
            recorder, asked = ask_one_that_sleeps(daemon, threads, "hour")
            os.kill(recorder, signal.SIGKILL)
            return asked[0].result()[0] == 200

        wait_until(answered, daemon=daemon)


def test_without_a_history_there_is_a_reason(home):
    with Daemon(home.router) as daemon:
        code, body = daemon.ask("/api/v1/history")
        assert (code, json.loads(body)["error"]) == (503, "no history is kept (--state -)")
        assert json.loads(daemon.get("/api/v1/status"))["history"] is None
