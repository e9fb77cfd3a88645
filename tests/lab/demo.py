# SPDX-License-Identifier: GPL-2.0-or-later
"""What script/demo shows: a house with three clients, and mezoura in its router."""
import json
import shlex
import signal
import sys
import time

import daemon
import history
import house
import traffic

HISTORY = "http://127.0.0.1:9999/api/v1/history?step=hour&by=name"
LINE = "  {:<9} {:<20} {:>13} {:>13}"
NAMES = ("laptop", "phone", "tv")


def say(text):
    print(f"\n{text}", flush=True)


def table(home, before):
    """Prints who moved how much, by the exporter; marks what has changed since before."""
    page = daemon.Page(home.router.run("curl", "-sSf", "http://127.0.0.1:9999/metrics"))
    now = {}
    for direction in ("download", "upload"):
        for labels, value in page.family(f"node_nat_traffic_{direction}"):
            now.setdefault((labels["hostname"], labels["ip"]), {})[direction] = int(value)
    print(LINE.format("name", "ip", "down, bytes", "up, bytes"))
    for host in sorted(now):
        cells = [f"{now[host][d]:,}{' ' if before.get(host, {}).get(d) == now[host][d] else '*'}"
                 for d in ("download", "upload")]
        print(LINE.format(*host, *cells), flush=True)
    return now


def tell_history(home):
    """Prints what the history has, by the exporter, and returns it."""
    print(f"  curl '{HISTORY}'")
    rows = json.loads(home.router.run("curl", "-sSf", HISTORY))["rows"]
    print(LINE.format("name", "hour from", "down, bytes", "up, bytes"))
    for row in rows:
        print(LINE.format(row.get("name") or row.get("reason"), row["start"][:16].replace("T", " "),
                          *(f"{row[direction]['bytes']:,}" for direction in ("download", "upload"))), flush=True)
    return history.total(rows)


def for_a_while(work, seconds=3):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        work()
        time.sleep(0.05)


def scenes(home):
    """What happens, in words, and the traffic that makes it true."""
    laptop, phone, tv = home.clients
    internet, v4, v6 = home.internet, house.INTERNET4, house.INTERNET6
    yield "The laptop downloads a large file (TCP, IPv4).", lambda: traffic.tcp(
        laptop, internet, v4, down=4 << 20)
    yield "The phone uploads photos (TCP, IPv6).", lambda: traffic.tcp(
        phone, internet, v6, up=2 << 20)
    yield "The TV opens many small pages (short flows, IPv4).", lambda: traffic.short_flows(
        tv, internet, v4, flows=20)
    yield "The laptop is in a call (UDP, IPv6, both ways).", lambda: traffic.udp(
        laptop, internet, v6, laptop.v6, datagrams=20)

    def inside():
        traffic.tcp(phone, tv, tv.v4, down=2 << 20)
        traffic.ping(phone, house.ROUTER4)

    yield ("The TV sends a film to the phone, inside the house: not the internet, so nothing "
           "changes.", inside)


def show(home, mezoura):
    seen = {}
    for words, work in scenes(home):
        say(words)
        for_a_while(work)
        mezoura.fresh_page()  # those who ask next get no older one
        seen = table(home, seen)
    say("mezoura is killed (kill -9). The laptop uploads 5 MB meanwhile.")
    mezoura.stop(signal.SIGKILL)
    traffic.tcp(home.clients[0], home.internet, house.INTERNET4, up=5_000_000)
    time.sleep(1)
    say("mezoura is started again. The kernel has gone on counting:")
    mezoura.start()
    table(home, seen)


def remember(home, mezoura):
    """What the history keeps."""
    history.assert_complete(mezoura)
    say("mezoura also keeps a history, by the hour:")
    before = tell_history(home)
    say("The router is updated: mezoura ends, which writes the history to the disk, and starts again.")
    mezoura.stop()
    mezoura.start()
    say("Then its power fails (kill -9, and all is taken that is in the kernel or in memory only; the\n"
        "next mezoura sees another boot). All counters begin at 0, and the history is still there:")
    with history.Boots() as boots:
        boots.reboot(mezoura, clean=False)
        mezoura.start()
        table(home, {})
        print()
        after = tell_history(home)
        assert after == before, f"{before} before, {after} afterwards"
        mezoura.stop()


def main():
    for name in ("SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.default_int_handler)
    house.isolate()
    say("A router with a bridge, three clients on it, and the internet behind it: all of them "
        "network\nnamespaces of this machine. Nothing here touches your network, and all of it "
        "goes at the end.")
    with house.House(clients=NAMES, nat=True) as home:
        config = "".join(f"config host\n\toption name '{name}'\n\toption mac '{client.eth0}'\n\n"
                         for name, client in zip(NAMES, home.clients))
        mezoura = daemon.Daemon(home.router, config=config, history=True)
        say("In the router, mezoura counts. It was started like this:")
        print(f"  {shlex.join([house.BUILT, *mezoura.options])}")
        print("Below, * marks what has changed since the table before.")
        with mezoura:
            show(home, mezoura)
            remember(home, mezoura)
        say("mezoura is unloaded from the kernel. What is left on the bridge: "
            f"{daemon.hooked(home.router, 'br-lan') or 'nothing'}.")


if __name__ == "__main__":
    try:
        main()
        say("Done, and everything is taken down.")
    except KeyboardInterrupt:
        say("Stopped, and everything is taken down.")
        sys.exit(130)
