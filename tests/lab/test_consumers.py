# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs that read mezoura: Prometheus, its linter, VictoriaMetrics, and node_exporter."""
import contextlib
import os
import re
import subprocess

import pytest

import house
import traffic
from daemon import Daemon, Page
from readers import Prometheus, Span, VictoriaMetrics, ask, needs, stop

pytestmark = pytest.mark.plain
NAMES = """
config host
	option name 'two words "quoted" \\ and caf\u00e9'
	option mac '02:00:00:00:02:0a'
"""
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture
def counted(home):
    """A daemon that has counted something, of a host with a name that needs escaping."""
    with Daemon(home.router, "--metrics", "all", config=NAMES) as daemon:
        for client in home.clients:
            for address in (house.INTERNET4, house.INTERNET6):
                traffic.tcp(client, home.internet, address, up=1 << 20, down=1 << 20)
        daemon.page_at_rest()
        yield home, daemon


def check_metrics(text):
    return subprocess.run(house.mortal("promtool", "check", "metrics"), input=text, text=True,
                          check=False, capture_output=True, timeout=180)


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
    scratch = house.scratch("openmetrics")
    path = f"{scratch}/page"
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r"(?m)^([^#].*)$", r"\1 1700000000", text))
    house.run("promtool", "tsdb", "create-blocks-from", "openmetrics", path, f"{path}.tsdb")
    os.makedirs(f"{path}.tsdb/wal")  # or it does not know the directory
    os.mkdir(f"{scratch}/data")  # or newer ones have no place for what is temporary
    dumped = house.run("promtool", "tsdb", "dump", f"{path}.tsdb", cwd=scratch)
    assert dumped.count("mezoura_host_download_bytes_total") == 4
    assert text.count("\n# TYPE ") + text.startswith("# TYPE ") == text.count(" HELP ".strip())


def test_prometheus_scrapes_and_answers_with_the_right_number(counted):
    home, daemon = counted
    with Prometheus(home.router, mezoura=9999) as prometheus:
        assert_same(prometheus, daemon.page())
        named = prometheus.wait_for(
            'mezoura_host_upload_bytes_total{ip_version="4",mac="02:00:00:00:02:0A"}')
        assert named[0][0]["hostname"] == 'two words "quoted" \\ and caf\u00e9'
        prometheus.wait_for("node_nat_traffic_download", lambda found: len(found) == 4)
        prometheus.wait_for("up", lambda found: found and found[0][1] == 1)


def assert_same(scraper, page):
    """It has the bytes of each host as the page does; nothing for a while where a scrape took too long."""
    for direction in ("download", "upload"):
        expected = {k: size for k, (_, size) in page.hosts().items() if k[0] == direction}
        scraper.wait_for(f"mezoura_host_{direction}_bytes_total", lambda found, of=direction, those=expected: {
            (of, labels["mac"].lower(), labels["ip_version"]): value for labels, value in found} == those)


def transfer(home, daemon, *scrapers):
    """While they look: of each MAC, how many bytes it downloaded."""
    before = daemon.fresh_page()
    for scraper in scrapers:
        scraper.catch_up(before)
    for client, size in zip(home.clients, (1 << 20, 3 << 20)):
        traffic.tcp(client, home.internet, house.INTERNET4, up=size // 2, down=size)
        traffic.tcp(client, home.internet, house.INTERNET6, down=size // 4)
    after = daemon.page_at_rest()
    for scraper in scrapers:
        scraper.catch_up(after)
    sizes = {client.eth0.upper(): 0 for client in home.clients}
    for (direction, mac, version), (_, size) in after.hosts().items():
        if direction == "download":
            sizes[mac.upper()] += size - before.hosts().get((direction, mac, version), (0, 0))[1]
    return after, sizes


def test_rate_and_topk_of_prometheus_are_right_after_a_transfer(counted):
    home, daemon = counted
    with Prometheus(home.router, mezoura=9999) as prometheus:
        page, sizes = transfer(home, daemon, prometheus)
        span = Span(prometheus, "mezoura_build_info")
        assert daemon.page().hosts() == page.hosts(), "traffic has not come to rest"
        by_host = f"sum by (mac) (rate(mezoura_host_download_bytes_total[{span.range}]))"
        moved = {labels["mac"]: rate * span.seconds
                 for labels, rate in prometheus.query(by_host, span.end)}
        assert moved == pytest.approx(sizes, rel=1e-3)
        [(first, rate)] = prometheus.query(f"topk(1, {by_host})", span.end)
        assert first == {"mac": max(sizes, key=sizes.get)} == {"mac": "02:00:00:00:02:0B"}
        assert rate * span.seconds == pytest.approx(max(sizes.values()), rel=1e-3)


@pytest.mark.slow
def test_victoria_metrics_and_prometheus_answer_the_same(counted):
    home, daemon = counted
    with contextlib.ExitStack() as stack:
        scrapers = [stack.enter_context(kind(home.router, mezoura=9999))
                    for kind in (Prometheus, VictoriaMetrics)]
        # or VictoriaMetrics takes what it sees first for an increase from 0
        scrapers[1].wait_for("count_over_time(mezoura_build_info[10m])",
                             lambda found: found and found[0][1] >= 2)
        page, sizes = transfer(home, daemon, *scrapers)
        for scraper in scrapers:
            assert_same(scraper, page)
            top = max(sizes, key=sizes.get)
            total = sum(size for (direction, mac, _), (_, size) in page.hosts().items()
                        if direction == "download" and mac.upper() == top)
            answer = [({"mac": top}, total)]
            scraper.wait_for("topk(1, sum by (mac) (mezoura_host_download_bytes_total))", answer.__eq__)
        # which does not extrapolate
        scrapers[1].wait_for("sum by (mac) (increase(mezoura_host_download_bytes_total[10m]))",
                             lambda found: {labels["mac"]: value for labels, value in found} == sizes)


@contextlib.contextmanager
def node_exporter(namespace, directory):
    """Its textfile collector alone, on port 9100."""
    process = namespace.popen(
        "prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
        f"--collector.textfile.directory={directory}", "--web.listen-address=127.0.0.1:9100",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        stop(process)


def test_prometheus_takes_the_page_and_the_textfile_beside_each_other(home):
    """Every series twice, under two jobs, and no complaint about samples."""
    needs("prometheus-node-exporter")
    directory = house.scratch("collected")
    with Daemon(home.router, "--textfile", f"{directory}/mezoura.prom", config=NAMES) as daemon:
        for client in home.clients:
            traffic.ping(client, house.INTERNET4)
        with node_exporter(home.router, directory), \
                Prometheus(home.router, mezoura=9999, node=9100) as prometheus:
            page, _ = transfer(home, daemon, prometheus)
            for family in ("mezoura_host_upload_bytes_total", "mezoura_hook_info",
                           "node_nat_traffic_upload", "mezoura_unattributed_packets_total"):
                count = 2 * len(page.family(family))
                found = prometheus.wait_for(family, lambda found, wanted=count: len(found) == wanted > 0)
                for job in ("mezoura", "node"):
                    mine = [(without(labels, "job", "instance", "__name__"), value)
                            for labels, value in found if labels["job"] == job]
                    assert sorted(mine, key=repr) == sorted(
                        [(readable(labels), value) for labels, value in page.family(family)], key=repr)
            assert_no_complaint(prometheus)


def assert_no_complaint(prometheus):
    """Neither its log nor its own counters tell of a sample that was refused."""
    said = prometheus.said()
    assert "TSDB started" in said
    assert not re.search("(?i)error on ingesting|duplicate|out.of.order|out.of.bounds", said)
    refused = re.findall(r"(?m)^(prometheus_\w+_(?:out_of|duplicate)_\w+)\S* (\S+)$",
                         ask(prometheus.namespace, ":9090/metrics"))
    assert len(refused) > 3 and all(count == "0" for _, count in refused), refused


def without(labels, *names):
    return {name: value for name, value in labels.items() if name not in names}


def readable(labels):
    """As Prometheus gives them: without escapes, and without empty ones."""
    return {name: re.sub(r"\\(.)", r"\1", value) for name, value in labels.items() if value}


def test_the_textfile_collector_of_node_exporter_reads_the_textfile(home):
    needs("prometheus-node-exporter")
    directory = house.scratch("collected")
    with Daemon(home.router, "--textfile", f"{directory}/mezoura.prom", config=NAMES) as daemon:
        traffic.ping(home.clients[0], house.INTERNET4)
        daemon.fresh_page()
        daemon.stop()
        assert os.listdir(directory) == ["mezoura.prom"]
        with node_exporter(home.router, directory):
            page = ask(home.router, ":9100/metrics")
        with open(f"{directory}/mezoura.prom", encoding="utf-8") as file:
            written = Page(file.read())
    mine = re.findall(r"(?m)^(?:node_nat|mezoura)_.*$", page)
    read = Page("\n".join(mine))
    assert Page("\n".join(re.findall("(?m)^node_textfile_scrape_error .*$", page))).value(
        "node_textfile_scrape_error") == 0
    assert read.addresses() == written.addresses() != {}
    assert read.hosts() == written.hosts()
    assert len(read.samples) == len(written.samples)
