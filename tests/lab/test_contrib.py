# SPDX-License-Identifier: GPL-2.0-or-later
"""What contrib/ has for Prometheus and Grafana: it says what is so, of real traffic."""
import json
import math
import re
import subprocess

import pytest

import house
import traffic
from daemon import ROOT, Daemon, plus
from readers import Prometheus, Span, needs

pytestmark = pytest.mark.plain
RULES = f"{ROOT}/contrib/prometheus/mezoura.rules.yml"
DASHBOARD = f"{ROOT}/contrib/grafana/mezoura.json"
NAMES = """
config host
	option name 'laptop'
	option mac '02:00:00:00:02:0a'
"""
ROUTER = "127.0.0.1:9999"
LAPTOP, UNNAMED = "02:00:00:00:02:0A", "02:00:00:00:02:0B"


def dashboard():
    with open(DASHBOARD, encoding="utf-8") as file:
        return json.load(file)


def panels():
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


@pytest.mark.slow
@pytest.mark.parametrize("check", [("check", "rules", RULES),
                                   ("test", "rules", RULES.replace(".yml", ".test.yml"))])
def test_promtool_has_no_remark_on_the_rules_and_their_tests_pass(check):
    needs("promtool")
    done = subprocess.run(house.mortal("promtool", *check), text=True, capture_output=True,
                          check=False, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout


def test_every_alert_is_tested_firing_and_not_firing():
    with open(RULES, encoding="utf-8") as file:
        alerts = set(re.findall(r"(?m)^ *- alert: (\w+)$", file.read()))
    with open(RULES.replace(".yml", ".test.yml"), encoding="utf-8") as file:
        cases = re.findall(r"- alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:(.*)", file.read())
    assert {alert for alert, expected in cases if expected == ""} == alerts != set()
    assert {alert for alert, expected in cases if expected == " []"} == alerts


def test_the_dashboard_is_whole():
    """Panels have a unit, a description, a place of their own and a chosen source; variables are
    defined, and all panels are of the routers that are chosen."""
    board = dashboard()
    defined = {variable["name"] for variable in board["templating"]["list"]}
    defined |= {"__rate_interval", "__range", "__all"}
    assert set(re.findall(r"\$\{?(\w+)", json.dumps(board))) == defined
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    places = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        here = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                for y in range(at["y"], at["y"] + at["h"])}
        assert not here & places and max(x for x, _ in here) < 24, panel["title"]
        places |= here
    for panel in panels():
        assert panel["fieldConfig"]["defaults"]["unit"] and panel["description"].endswith(".")
        for part in (panel, *panel["targets"]):
            assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        for target in panel["targets"]:
            selectors = re.findall(r"mezoura_\w+(\{[^}]*\})?", target["expr"])
            assert all(selector.startswith('{job=~"$job",instance=~"$instance"')
                       for selector in selectors), target["expr"]
            rate = "_bytes_total" in target["expr"] and "rate(" in target["expr"]
            assert rate == (panel["fieldConfig"]["defaults"]["unit"] == "bps"), panel["title"]
    for variable in board["templating"]["list"][1:]:
        assert variable["multi"] and variable["includeAll"], variable["name"]


class Seen:
    """A Prometheus that saw two hosts move known amounts, and what these were."""

    def __init__(self, home, daemon, prometheus):
        self.daemon, self.prometheus = daemon, prometheus
        before = daemon.fresh_page()
        prometheus.catch_up(before)
        for client, size in zip(home.clients, (4 << 20, 1 << 20)):
            traffic.tcp(client, home.internet, house.INTERNET4, up=size, down=2 * size)
            traffic.tcp(client, home.internet, house.INTERNET6, up=size // 2, down=size)
        self.page = daemon.page_at_rest()
        prometheus.catch_up(self.page)
        self.span = Span(prometheus, "mezoura_build_info")
        assert daemon.page().hosts() == self.page.hosts(), "traffic has not come to rest"
        self.moved = plus(self.page.hosts(), {
            key: (-packets, -size) for key, (packets, size) in before.hosts().items()})

    def bytes(self, *directions, mac="", version=""):
        """Moved in the time that span covers."""
        return sum(size for (direction, host, ip_version), (_, size) in self.moved.items()
                   if direction in directions and mac.lower() in ("", host)
                   and version in ("", ip_version))

    def ask(self, expression, host=".*", mac=".*"):
        """As Grafana would with this time range, and so sparse a screen that it is one step."""
        values = {"job": "mezoura", "instance": ROUTER, "host": host, "mac": mac,
                  "__rate_interval": self.span.range, "__range": self.span.range}
        text = re.sub(r"\$(\w+)", lambda match: values[match.group(1)], expression)
        return self.prometheus.query(text, self.span.end)

    def panel(self, title, target=0, **variables):
        [panel] = [panel for panel in panels() if panel["title"] == title]
        return self.ask(panel["targets"][target]["expr"], **variables)


@pytest.fixture(scope="module", name="seen")
def seen_traffic():
    needs("prometheus")
    with house.House() as home, Daemon(home.router, "--metrics", "native", config=NAMES) as daemon:
        for client in home.clients:  # their rows are there when Prometheus looks first
            for address in (house.INTERNET4, house.INTERNET6):
                traffic.ping(client, address)
        daemon.page_at_rest()
        with Prometheus(home.router, rules=RULES, mezoura=9999) as prometheus:
            yield Seen(home, daemon, prometheus)


@pytest.mark.parametrize("title, number", [
    pytest.param(panel["title"], number, id=f"{panel['title']} {number}")
    for panel in panels() for number in range(len(panel["targets"]))])
def test_every_panel_has_data(seen, title, number):
    found = seen.panel(title, number)
    assert found and all(math.isfinite(value) for _, value in found)


def test_the_totals_are_right(seen):
    """To the byte: rounding is all that may differ."""
    for direction, word in (("download", "Downloaded"), ("upload", "Uploaded")):
        amount = seen.bytes(direction)
        assert amount > 7 << 20
        [(_, rate)] = seen.panel(f"{direction.capitalize()} now")
        assert rate / 8 * seen.span.seconds == pytest.approx(amount, rel=1e-3)
        [(_, total)] = seen.panel(f"{word} in the time shown")
        assert total == pytest.approx(amount, rel=1e-3)


def test_the_top_hosts_are_right_and_in_order(seen):
    for direction in ("download", "upload"):
        found = seen.panel(f"Top hosts now, {direction}")
        assert [labels for labels, _ in found] == [
            {"hostname": "laptop", "mac": LAPTOP}, {"mac": UNNAMED}]
        for labels, rate in found:
            amount = seen.bytes(direction, mac=labels["mac"])
            assert rate / 8 * seen.span.seconds == pytest.approx(amount, rel=1e-3)
    for labels, total in seen.panel("Moved in the time shown, by host"):
        amount = seen.bytes("download", "upload", mac=labels["mac"])
        assert total == pytest.approx(amount, rel=1e-3)


def test_the_tables_of_today_and_this_month_are_right(seen):
    for title, since in (("Today, by host", "now/d"), ("This month, by host", "now/M")):
        [panel] = [panel for panel in panels() if panel["title"] == title]
        assert panel["timeFrom"] == since and panel["type"] == "table"
        for target, directions in enumerate((["download"], ["upload"], ["download", "upload"])):
            found = seen.panel(title, target)
            assert {labels["mac"] for labels, _ in found} == {LAPTOP, UNNAMED}
            for labels, total in found:
                amount = seen.bytes(*directions, mac=labels["mac"])
                assert total == pytest.approx(amount, rel=1e-3)


def test_interfaces_are_right(seen):
    for target, direction in enumerate(("download", "upload")):
        [(labels, rate)] = seen.panel("Traffic by interface", target)
        assert labels == {"instance": ROUTER, "interface": "br-lan"}
        assert rate / 8 * seen.span.seconds == pytest.approx(seen.bytes(direction), rel=1e-3)


def test_one_host_can_be_chosen_by_name_and_by_mac(seen):
    for target, direction in enumerate(("download", "upload")):
        for chosen in ({"host": "laptop"}, {"mac": LAPTOP}):
            [(labels, rate)] = seen.panel("Traffic of $host", target, **chosen)
            assert labels == {"hostname": "laptop", "mac": LAPTOP}
            assert rate / 8 * seen.span.seconds == pytest.approx(
                seen.bytes(direction, mac=LAPTOP), rel=1e-3)
        [(labels, _)] = seen.panel("Traffic of $host", target, mac=f"({UNNAMED})")
        assert labels == {"mac": UNNAMED}


def test_both_ip_versions_are_right(seen):
    found = dict((labels["ip_version"], rate) for labels, rate in seen.panel("IPv4 and IPv6"))
    assert found.keys() == {"4", "6"}
    for version, rate in found.items():
        amount = seen.bytes("download", "upload", version=version)
        assert rate / 8 * seen.span.seconds == pytest.approx(amount, rel=1e-3)


def test_panels_of_problems_say_zero_where_there_is_none(seen):
    for title in ("Incomplete", "Unattributed in the time shown"):
        assert seen.panel(title) == [({"instance": ROUTER}, 0)]
    assert seen.panel("Missed in an hour, at most") == [({"job": "mezoura", "instance": ROUTER}, 0)]
    assert [value for _, value in seen.panel("Unattributed")] == [0] * 5
    [(_, age)] = seen.panel("Age of the figures")
    [(_, read)] = seen.ask("mezoura_snapshot_timestamp_seconds")
    assert age == pytest.approx(seen.span.end - read, abs=0.01)
    assert {labels["ip_version"]: round(4096 * value) for labels, value in seen.panel("Table")} == {
        version: seen.page.value("mezoura_table_entries", ip_version=version) for version in "46"}


@pytest.mark.slow
def test_missed_packets_are_red_where_the_alert_is():
    """By promtool: of four routers, two of which missed too much, one of them without any traffic."""
    needs("promtool")
    [panel] = [panel for panel in panels() if panel["title"] == "Missed in an hour, at most"]
    red = panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1]
    assert red["color"] == "red"
    expression = re.sub(r'"\$(job|instance)"', '".*"', panel["targets"][0]["expr"])
    series = []
    for router, missed, packets in (("none", 0, 900), ("few", 1, 9000), ("much", 9, 90), ("alone", 9, None)):
        series.append({"series": f'mezoura_missed_packets_total{{job="m",instance="{router}"}}',
                       "values": f"0+{missed}x60"})
        for direction in ("download", "upload") if packets else ():
            series.append({"series": f"mezoura_host_{direction}_packets_total"
                                     f'{{job="m",instance="{router}",mac="02:0A"}}',
                           "values": f"0+{packets}x60"})
    with open(RULES, encoding="utf-8") as file:
        [alert] = re.findall(r"alert: MezouraMissedPackets\n +expr: \|\n((?: {10}.*\n)+)", file.read())
    asked = {"rule_files": [], "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": [
        {"expr": f"count by (instance) ({each})", "eval_time": "1h", "exp_samples": [
            {"labels": f'{{instance="{router}"}}', "value": 1} for router in ("alone", "much")]}
        for each in (f"({expression}) > {red['value']}", alert)]}]}
    path = f"{house.scratch('promtool')}/red.yml"
    with open(path, "w", encoding="utf-8") as file:
        json.dump(asked, file)
    done = subprocess.run(house.mortal("promtool", "test", "rules", path), text=True,
                          capture_output=True, check=False, timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr


def rules_of(prometheus):
    return [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]


def test_prometheus_evaluates_every_rule_and_none_fires(seen):
    rules = rules_of(seen.prometheus)
    assert {rule["type"] for rule in rules} == {"alerting", "recording"}
    families = {family for family, _, _ in seen.page.samples}
    for rule in rules:
        assert set(re.findall(r"\bmezoura_\w+", rule["query"])) <= families, rule["name"]
        assert rule["health"] in ("ok", "unknown") and not rule.get("lastError")
        # a scrape that took too long is one that failed, of which some alerts tell
        seen.prometheus.wait_for(rule["query"], lambda found, wanted=rule["type"] == "recording":
                                 bool(found) == wanted)


def test_prometheus_answers_the_queries_of_the_documentation(seen):
    with open(f"{ROOT}/docs/metrics.md", encoding="utf-8") as file:
        text = file.read().partition("## Queries")[2].partition("\n## ")[0]
    queries = [query for block in re.findall(r"(?s)```\n(.*?)```", text)
               for query in block.split("\n\n")]
    assert len(queries) == 6
    for query in queries:
        seen.prometheus.wait_for(query)


def test_an_alert_tells_that_mezoura_is_away(seen):
    [rule] = [rule for rule in rules_of(seen.prometheus) if rule["name"] == "MezouraDown"]
    seen.daemon.stop()
    assert seen.prometheus.wait_for(rule["query"]) == [
        ({"__name__": "up", "job": "mezoura", "instance": "127.0.0.1:9999"}, 0)]
    seen.daemon.start()
    seen.prometheus.wait_for(rule["query"], holds=lambda found: not found)
