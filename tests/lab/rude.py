# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that behave badly, as a program: rude.py KIND HOST SOURCE..., until its input ends.

Does one kind of harm to port 9999 of HOST, from the addresses SOURCE, again and again. Says
"ready" as the first round begins and the number of rounds at the end. What the server may not do
in return ends it with an assertion.
"""
import contextlib
import itertools
import random
import resource
import select
import socket
import ssl
import struct
import sys
import time

PORT = 9999
PATIENCE = 60  # seconds; only what fails is waited for so long
GET = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
NO_LINGER = struct.pack("ii", 1, 0)


class Target:
    def __init__(self, host, sources):
        self.host, self.sources = host, sources
        self.source = itertools.cycle(sources)

    def over(self, wait=0.0):
        """Whether the harm is to end; waits a moment for that."""
        return bool(select.select([sys.stdin], [], [], wait)[0])

    def connect(self, wait=True):
        """From one address after the other. Without wait the connection is under way only.

        A server that closed it at once is no failure: this end may hear of that while it still connects.
        """
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.settimeout(PATIENCE if wait else 0)
        with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            s.bind((next(self.source), 0))
            s.connect((self.host, PORT))
        return s

    def exchange(self, request, patience=PATIENCE):
        """What comes until the server closes, or for so many seconds; b"" where it hears no more."""
        answer = b""
        with self.connect() as s, contextlib.suppress(ConnectionError):
            with contextlib.suppress(ConnectionError):  # what it answered may be there nevertheless
                s.sendall(request)
            s.settimeout(patience)
            with contextlib.suppress(TimeoutError):
                while piece := s.recv(1 << 16):
                    answer += piece
        return answer


@contextlib.contextmanager
def closing():
    """A list of sockets, which are closed at the end."""
    with contextlib.ExitStack() as stack:
        opened = []
        stack.callback(lambda: [s.close() for s in opened])
        yield opened


def send_some(s, data):
    """How much of it the server takes just now."""
    try:
        return s.send(data)
    except OSError:
        return 0


def silent(target):
    """A thousand at once that connect and say nothing."""
    with closing() as opened:
        for _ in range(1000):
            opened.append(target.connect(wait=False))
        target.over(1)


def dribbling(target):
    """As many as one address may have, each of which sends a byte a second."""
    with closing() as opened:
        for _ in range(16):
            opened.append(target.connect())
        for byte in GET[:-1]:
            for s in opened:
                send_some(s, bytes([byte]))
            if target.over(1):
                return


def pipelined_unread(target):
    """Ten thousand requests at once, whose answers nobody reads."""
    with closing() as opened:
        s = target.connect()
        opened.append(s)
        s.setblocking(False)
        left = memoryview(GET * 10000)
        for _ in range(20):
            left = left[send_some(s, left):]
            if target.over(0.1):
                return


def pipelined_read(target):
    """Ten thousand requests at once, all of which are answered."""
    with target.connect() as s:
        s.setblocking(False)
        left, got, tail = memoryview(GET * 10000), 0, b""
        while got < 10000 and not target.over():
            readable, writable, _ = select.select([s], [s] if left else [], [], PATIENCE)
            assert readable or writable, f"stuck after {got} answers"
            if writable:
                left = left[s.send(left):]
            if readable:
                piece = s.recv(1 << 20)
                assert piece, f"closed after {got} answers"
                got += (tail + piece).count(b"HTTP/1.1 200 OK\r\n")
                tail = piece[-16:]


def greedy(target):
    """All connections there are ask for the page again and again and read nothing."""
    with closing() as opened:
        for _ in range(150):
            opened.append(target.connect())
            opened[-1].setblocking(False)
        for _ in range(40):
            for s in opened:
                send_some(s, GET)
            if target.over(0.05):
                return


def resetting(target):
    """Five thousand that break off at once; every other one asks before."""
    for i in range(5000):
        with target.connect() as s, contextlib.suppress(ConnectionError):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            if i % 2:
                s.send(GET)
        if i % 100 == 0 and target.over():
            return


def verbose(target):
    """A megabyte of headers: one long one, many, and a long path."""
    for request in (GET[:-2] + b"X: " + b"x" * (1 << 20), GET[:-2] + b"X: y\r\n" * (1 << 18),
                    b"GET /" + b"x" * (1 << 20)):
        answer = target.exchange(request + b"\r\n\r\n")
        assert not answer or answer.startswith(b"HTTP/1.1 4"), answer[:100]


def badly_chunked(target):
    """Bodies in chunks that are none."""
    for body in (b"zz\r\nabc\r\n0\r\n\r\n", b"-1\r\nabc\r\n", b"5\r\nab", b"3\r\nabcdef\r\n0\r\n\r\n",
                 b"ffffffffffffffffffff\r\nabc", b"7fffffffffffffff\r\nabc", b"3;" + b"x" * 50000,
                 b"\r\n\r\n", b"0\r\n" + b"A: b\r\n" * 10000):
        for method in (b"GET", b"POST"):
            answer = target.exchange(method + GET[3:-2] + b"Transfer-Encoding: chunked\r\n\r\n" + body, 0.1)
            assert not answer or answer.startswith(b"HTTP/1.1 "), answer[:100]


def garbage(target):
    """Two thousand that send what is no request, in part of what requests are made of."""
    chance = random.Random(7)
    pieces = [b"GET ", b"POST ", b"/metrics", b" HTTP/1.", b"1", b"\r\n", b"\n", b"\0", b":", b" ", GET]
    for _ in range(2000):
        data = b"".join(chance.choice(pieces) if chance.random() < 0.5
                        else chance.randbytes(chance.randrange(200)) for _ in range(10))
        with target.connect() as s, contextlib.suppress(ConnectionError):
            s.send(data)
            s.send(chance.randbytes(10))
        if target.over():
            return


def old(target):
    """HTTP as it was before it had versions, and versions it never had."""
    for request in (b"GET /metrics\r\n", b"GET /metrics\r\n\r\n", b"GET /metrics HTTP/0.9\r\n\r\n",
                    b"GET /metrics HTTP/9.9\r\n\r\n", b"GET\r\n\r\n", b"\r\n" * 100):
        answer = target.exchange(request, 0.1)
        assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")), answer[:100]


def encrypted(target):
    """TLS to a server that does not speak it."""
    said = ssl.MemoryBIO()
    context = ssl.create_default_context()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), said, server_hostname="router").do_handshake()
    answer = target.exchange(said.read())
    assert not answer or answer.startswith(b"HTTP/1.1 400 "), answer[:100]


def prying(target):
    """Paths to a file that is none of the server's business."""
    for path in ("/../../etc/passwd", "/metrics/../../../etc/passwd", "//etc/passwd", "/./etc/passwd",
                 "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "/..%5c..%5cetc%5cpasswd",
                 "/%252e%252e/etc/passwd", "/..%c0%af..%c0%afetc/passwd", "/%00/../etc/passwd",
                 "/metrics/", "/%2fetc/passwd", "file:///etc/passwd", "/proc/self/environ"):
        answer = target.exchange(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 404 "), (path, answer[:100])
        assert b"root:" not in answer and len(answer) < 500, (path, answer)


KINDS = {kind.__name__: kind for kind in (
    silent, dribbling, pipelined_unread, pipelined_read, greedy, resetting, verbose, badly_chunked,
    garbage, old, encrypted, prying)}


def main(kind, host, *sources):
    target = Target(host, sources)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    print("ready", flush=True)
    rounds = 0
    while not target.over():
        KINDS[kind](target)
        rounds += 1
        time.sleep(0.01)
    print(rounds)


if __name__ == "__main__":
    main(*sys.argv[1:])
