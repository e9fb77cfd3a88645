# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs that read mezoura: Prometheus, its linter, and node_exporter."""
import json
import os
import re
import shutil
import subprocess
import time
import urllib.parse

import pytest

import house
import traffic
from daemon import Daemon, Page

NAMES = """
config host
	option name 'two words "quoted" \\ and caf\u00e9'
	option mac '02:00:00:00:02:0a'
"""
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def needs(program):
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")


def ask(namespace, address, seconds=20):
    """What a program answers at http://127.0.0.1/..., once it does."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return namespace.run("curl", "-sSf", "--max-time", "5", f"http://127.0.0.1{address}")
        except RuntimeError:
            assert time.monotonic() < deadline, f"no answer from {address}"
            time.sleep(0.2)


def stop(process):
    process.terminate()
    process.wait(20)


@pytest.fixture
def counted(home):
    """A daemon that has counted something, of a host with a name that needs escaping."""
    with Daemon(home.router, "--metrics", "all", config=NAMES) as daemon:
        for client in home.clients:
            for address in (house.INTERNET4, house.INTERNET6):
                traffic.tcp(client, home.internet, address, up=1 << 20, down=1 << 20)
        time.sleep(0.3)
        daemon.fresh_page()
        yield home, daemon


def check_metrics(text):
    return subprocess.run(["promtool", "check", "metrics"], input=text, text=True, check=False,
                          capture_output=True, preexec_fn=house.die_with_parent, timeout=30)


@pytest.mark.parametrize("hosts", [0, 2])
def test_promtool_has_no_remark_on_the_native_families(home, hosts):
    needs("promtool")
    with Daemon(home.router, "--metrics", "native", config=NAMES) as daemon:
        for client in home.clients[:hosts]:
            traffic.ping(client, house.INTERNET4)
            traffic.ping(client, house.INTERNET6)
        text = daemon.fresh_page().text
    assert len(re.findall("(?m)^mezoura_host_upload_bytes_total", text)) == 2 * hosts
    assert "node_nat" not in text
    done = check_metrics(text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_promtool_can_read_the_older_families(counted):
    """It has remarks on names and types, which are as they have always been; but no error."""
    needs("promtool")
    _, daemon = counted
    done = check_metrics(daemon.get())
    assert done.returncode in (0, 3)
    assert "error while linting" not in done.stdout + done.stderr


def test_openmetrics_is_read_by_the_strict_parser_of_prometheus(counted):
    needs("promtool")
    _, daemon = counted
    text = daemon.get(headers={"Accept": OPENMETRICS})
    assert text.endswith("# EOF\n")
    # The one program that reads OpenMetrics files wants a time with each sample.
    path = f"{house.scratch('openmetrics')}/page"
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r"(?m)^([^#].*)$", r"\1 1700000000", text))
    house.run("promtool", "tsdb", "create-blocks-from", "openmetrics", path, f"{path}.tsdb")
    os.makedirs(f"{path}.tsdb/wal")  # or it does not know the directory
    dumped = house.run("promtool", "tsdb", "dump", f"{path}.tsdb")
    assert dumped.count("mezoura_host_download_bytes_total") == 4
    assert text.count("\n# TYPE ") + text.startswith("# TYPE ") == text.count(" HELP ".strip())


def test_prometheus_scrapes_and_answers_with_the_right_number(counted):
    needs("prometheus")
    home, daemon = counted
    directory = house.scratch("prometheus")
    with open(f"{directory}/prometheus.yml", "w", encoding="utf-8") as file:
        file.write("""
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs: [{job_name: mezoura, static_configs: [{targets: ["127.0.0.1:9999"]}]}]
""")
    prometheus = home.router.popen(
        "prometheus", f"--config.file={directory}/prometheus.yml",
        f"--storage.tsdb.path={directory}/tsdb", "--web.listen-address=127.0.0.1:9090",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def query(text):
        answer = ask(home.router, f":9090/api/v1/query?query={urllib.parse.quote(text)}")
        return json.loads(answer)["data"]["result"]

    try:
        deadline = time.monotonic() + 60
        while not query("mezoura_host_download_bytes_total"):
            assert time.monotonic() < deadline, "no sample"
            time.sleep(0.3)
        truth = daemon.page().hosts()
        for direction in ("download", "upload"):
            answer = {(direction, sample["metric"]["mac"].lower(), sample["metric"]["ip_version"]):
                      int(sample["value"][1])
                      for sample in query(f"mezoura_host_{direction}_bytes_total")}
            assert answer == {k: size for k, (_, size) in truth.items() if k[0] == direction}
        named = query('mezoura_host_upload_bytes_total{ip_version="4",mac="02:00:00:00:02:0A"}')
        assert named[0]["metric"]["hostname"] == 'two words "quoted" \\ and caf\u00e9'
        older = query("node_nat_traffic_download")
        assert len(older) == 4
        assert query("up")[0]["value"][1] == "1"
    finally:
        stop(prometheus)


def test_the_textfile_collector_of_node_exporter_reads_the_textfile(home):
    needs("prometheus-node-exporter")
    directory = house.scratch("collected")
    with Daemon(home.router, "--textfile", f"{directory}/mezoura.prom", config=NAMES) as daemon:
        traffic.ping(home.clients[0], house.INTERNET4)
        daemon.fresh_page()
        daemon.stop()
        assert os.listdir(directory) == ["mezoura.prom"]
        exporter = home.router.popen(
            "prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
            f"--collector.textfile.directory={directory}", "--web.listen-address=127.0.0.1:9100",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            page = ask(home.router, ":9100/metrics")
        finally:
            stop(exporter)
        with open(f"{directory}/mezoura.prom", encoding="utf-8") as file:
            written = Page(file.read())
    mine = re.findall(r"(?m)^(?:node_nat|mezoura)_.*$", page)
    read = Page("\n".join(mine))
    assert Page("\n".join(re.findall("(?m)^node_textfile_scrape_error .*$", page))).value(
        "node_textfile_scrape_error") == 0
    assert read.addresses() == written.addresses() != {}
    assert read.hosts() == written.hosts()
    assert len(read.samples) == len(written.samples)
