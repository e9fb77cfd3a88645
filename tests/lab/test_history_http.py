# SPDX-License-Identifier: GPL-2.0-or-later
"""/api/v1/history: the exporter asks the recorder, and serves others meanwhile."""
import concurrent.futures
import json
import os
import signal
import time

import house
import pytest
from daemon import Daemon
from test_interfaces import wait_for

pytestmark = pytest.mark.skipif(not house.HISTORY, reason="mezoura was built without history")


def status(daemon):
    return json.loads(daemon.get("/api/v1/status"))["history"]


def test_a_recorder_that_hangs_delays_no_scrape(home):
    with Daemon(home.router, history=True) as daemon, concurrent.futures.ThreadPoolExecutor() as threads:
        wait_for("a report", lambda: status(daemon)["answers"])
        os.kill(daemon.recorder(), signal.SIGSTOP)
        asked = [threads.submit(daemon.ask, f"/api/v1/history?step={step}") for step in ("hour", "day", "month")]
        for _ in range(10):
            daemon.page()
            time.sleep(0.05)
        assert not any(answer.done() for answer in asked)
        os.kill(daemon.recorder(), signal.SIGCONT)
        assert [answer.result()[0] for answer in asked] == [200, 200, 200]


def test_another_recorder_is_asked_again(home):
    with Daemon(home.router, history=True) as daemon, concurrent.futures.ThreadPoolExecutor() as threads:
        wait_for("a report", lambda: status(daemon)["answers"])
        recorder = daemon.recorder()
        os.kill(recorder, signal.SIGSTOP)
        asked = threads.submit(daemon.ask, "/api/v1/history?step=hour")
        time.sleep(0.2)
        os.kill(recorder, signal.SIGKILL)
        assert asked.result()[0] == 200


def test_without_a_history_there_is_a_reason(home):
    with Daemon(home.router) as daemon:
        code, body = daemon.ask("/api/v1/history")
        assert (code, json.loads(body)["error"]) == (503, "no history is kept (--state -)")
        assert json.loads(daemon.get("/api/v1/status"))["history"] is None
