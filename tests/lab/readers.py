# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that read mezoura and answer questions about what they read."""
import json
import shutil
import subprocess
import time
import urllib.parse

import pytest

import house


def needs(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")


def ask(namespace, address, seconds=60):
    """What a program answers at http://127.0.0.1/..., once it does."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return namespace.run("curl", "-sSf", "--max-time", "20", f"http://127.0.0.1{address}")
        except RuntimeError:
            assert time.monotonic() < deadline, f"no answer from {address}"
            time.sleep(0.2)


def stop(process):
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


class Scraper:
    """Scrapes what jobs ({name: port, or host:port}) are at, once a second."""

    def __init__(self, namespace, rules=None, **jobs):
        needs(self.program)
        self.namespace = namespace
        self.directory = house.scratch(self.program)
        self.log = f"{self.directory}/log"
        self.jobs = jobs
        self.process = None
        scrapes = [{"job_name": job, "static_configs": [
            {"targets": [where if isinstance(where, str) else f"127.0.0.1:{where}"]}]}
                   for job, where in jobs.items()]
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
                  "scrape_configs": scrapes, **({"rule_files": [rules]} if rules else {})}
        with open(f"{self.directory}/config.yml", "w", encoding="utf-8") as file:
            json.dump(config, file)  # which is YAML, too

    def __enter__(self):
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = self.namespace.popen(self.program, *self.options(self.directory),
                                                stdout=log, stderr=log)
        return self

    def __exit__(self, *_):
        stop(self.process)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def get(self, path, **parameters):
        answer = json.loads(ask(self.namespace,
                                f":{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"))
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, text, at=None):
        """[(labels, value)], at a moment or now."""
        when = {"time": f"{at:.3f}"} if at else {}
        data = self.get("query", query=text, **when)
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(sample["metric"], float(sample["value"][1])) for sample in data["result"]]

    def times(self, selector):
        """When the samples of one series were taken, of the last ten minutes."""
        series = self.get("query", query=f"{selector}[10m]")["result"]
        assert len(series) == 1, series
        return [when for when, _ in series[0]["values"]]

    def wait_for(self, text, holds=bool):
        """Until what a query finds is so, and returns it."""
        deadline = time.monotonic() + 120
        while not holds(found := self.query(text)):
            assert time.monotonic() < deadline, f"{text}: {found}; {self.said()[-2000:]}"
            time.sleep(0.3)
        return found

    def catch_up(self, page):
        """Until each job has given the figures of this page, or later ones."""
        read = page.value("mezoura_snapshot_timestamp_seconds")
        self.wait_for("mezoura_snapshot_timestamp_seconds", lambda found: len(found) == len(
            self.jobs) and all(value >= read for _, value in found))


class Prometheus(Scraper):
    program, port = "prometheus", 9090

    def options(self, directory):
        return (f"--config.file={directory}/config.yml", f"--storage.tsdb.path={directory}/data",
                f"--web.listen-address=127.0.0.1:{self.port}")


class VictoriaMetrics(Scraper):
    program, port = "victoria-metrics", 8428

    def options(self, directory):
        return (f"-promscrape.config={directory}/config.yml", f"-storageDataPath={directory}/data",
                f"-httpListenAddr=127.0.0.1:{self.port}", "-search.latencyOffset=1s",
                "-search.disableCache", "-memory.allowedBytes=64MB")


class Span:
    """From the first sample to the last, so that Prometheus extrapolates nothing."""

    def __init__(self, scraper, selector):
        times = scraper.times(selector)
        self.end = times[-1]
        self.milliseconds = round(1000 * (times[-1] - times[0])) + 1  # the first one, too
        self.seconds = self.milliseconds / 1000
        self.range = f"{self.milliseconds}ms"
