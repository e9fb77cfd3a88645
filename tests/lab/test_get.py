# SPDX-License-Identifier: GPL-2.0-or-later
"""mezoura get: what HTTP answers, over the Unix socket."""
import json
import subprocess

import daemon as program
from daemon import PATIENCE, Daemon


def get(daemon, path):
    with daemon.namespace.inside():
        return subprocess.run([program.BINARY, "get", "--socket", daemon.socket, path],
                              capture_output=True, text=True, check=False, timeout=PATIENCE)


def test_it_prints_what_http_answers(build):
    with Daemon(build(clients=("h1",)).router) as daemon:
        hosts = get(daemon, "/api/v1/hosts")
        assert hosts.returncode == 0 and hosts.stderr == ""
        assert "hosts" in json.loads(hosts.stdout)
        metrics = get(daemon, "/metrics")
        assert metrics.returncode == 0 and "mezoura_build_info{" in metrics.stdout
        missing = get(daemon, "/nonsense")
        assert missing.returncode == 1 and missing.stdout == "" and missing.stderr
    gone = get(daemon, "/metrics")
    assert gone.returncode == 1
    assert gone.stderr == f"mezoura: no daemon answers at {daemon.socket}\n"


def test_a_wrong_path_is_refused(build):
    with Daemon(build(clients=("h1",)).router) as daemon:
        wrong = get(daemon, "/metrics HTTP/1.1")
        assert wrong.returncode == 2 and wrong.stdout == ""
        assert "expected a path without blanks" in wrong.stderr
