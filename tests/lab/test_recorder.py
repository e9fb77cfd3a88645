# SPDX-License-Identifier: GPL-2.0-or-later
"""The recorder as the keeper's child: whose it is and what it may do, how it ends and is started again; and
the directories that the keeper makes for it."""
import os
import shutil
import signal
import stat

import house
import pytest
import traffic
import wire
from daemon import AS_KEEPER, Daemon, assert_exact
from test_exporter import status_of, stop_and_wait
from test_history import stored_bytes
from test_interfaces import wait_for
from test_privileges import EXPORTER, KEEPER, KEPT, UNKNOWN, capabilities, ids
from watch import wait_until

pytestmark = pytest.mark.skipif(not house.HISTORY, reason="mezoura was built without history")


def recent(daemon):
    return f"{daemon.socket}.recent"


def shape(path):
    found = os.lstat(path)
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


def lacks_rights(pid):
    status = status_of(pid)
    return status["NoNewPrivs"] == "1" and all(
        int(status[f"Cap{name}"], 16) == 0 for name in ("Inh", "Prm", "Eff", "Amb"))


def await_recorder(daemon, *but):
    wait_for("a recorder", lambda: daemon.recorder() not in (None, *but))
    return daemon.recorder()


def test_it_is_the_keeper_s_user_without_its_rights(home):
    with Daemon(home.router, history=True) as daemon:
        recorder = await_recorder(daemon)
        assert ids(recorder) == [KEEPER] * 4
        assert lacks_rights(recorder)
        assert int(status_of(recorder)["CapBnd"], 16) == 0
        assert capabilities(daemon) == KEPT
        assert ids(daemon.process.pid) == [KEEPER, KEEPER, EXPORTER, KEEPER]
        assert ids(daemon.exporter()) == [EXPORTER] * 4


@pytest.mark.parametrize("by", [AS_KEEPER, ("unshare", "-m", "sh", "-c", UNKNOWN, "/dev/null")], ids=["keeper", "root"])
def test_it_has_no_rights_either_where_there_is_one_user(home, by):
    """Started as that user, with capabilities; or as root where there is no such user."""
    daemon = Daemon(home.router, history=True)
    daemon.by = by
    with daemon:
        recorder = await_recorder(daemon)
        assert len(set(ids(recorder))) == 1
        wait_for("its rights to go", lambda: lacks_rights(recorder))


def test_each_process_survives_the_end_of_the_others(home):
    with wire.Truth(home.clients) as truth, Daemon(home.router, history=True) as daemon:
        recorder, exporter = await_recorder(daemon), daemon.exporter()
        os.kill(recorder, signal.SIGKILL)
        next_one = await_recorder(daemon, recorder)
        assert "the recorder was killed by signal 9" in daemon.said()
        assert daemon.exporter() == exporter
        assert daemon.fresh_page().value("mezoura_recorder_restarts_total") == 1
        daemon.kill_exporter()
        assert daemon.recorder() == next_one
        daemon.stop(signal.SIGKILL)
        wait_for("the end of both", lambda: not any(map(os.path.exists, (f"/proc/{next_one}", f"/proc/{exporter}"))))
        daemon.start()
        await_recorder(daemon)
        traffic.ping(home.clients[0], house.INTERNET4)
        assert_exact(truth, daemon)


def test_without_a_history_there_is_no_such_process_and_no_directory(home):
    with Daemon(home.router) as daemon:
        assert daemon.recorder() is None
        assert not os.path.exists(recent(daemon))
        assert daemon.fresh_page().value("mezoura_recorder_restarts_total") == 0


def test_a_stop_waits_for_it_also_when_asked_twice(home):
    """It writes what it has once it goes on. Where a machine is so slow that the daemon kills it before, this
    is tried again."""
    with Daemon(home.router, history=True) as daemon:

        def waits():
            recorder, said = await_recorder(daemon), daemon.said()
            traffic.ping(home.clients[0], house.INTERNET4)
            daemon.fresh_page()
            stop_and_wait(recorder)
            daemon.process.send_signal(signal.SIGTERM)
            wait_for("the end of the exporter", lambda: daemon.exporter() is None)
            before = stored_bytes(f"{daemon.state}/history.db")
            daemon.process.send_signal(signal.SIGTERM)
            os.kill(recorder, signal.SIGCONT)
            assert daemon.stop() == 0
            if "does not end" in daemon.said()[len(said):]:
                daemon.start()
                return False
            assert stored_bytes(f"{daemon.state}/history.db") > before
            return True

        wait_until(waits)


def test_one_that_hangs_is_no_obstacle(home):
    """Neither to counts and pages, nor to a stop."""
    with wire.Truth(home.clients) as truth, Daemon(home.router, history=True) as daemon:
        os.kill(await_recorder(daemon), signal.SIGSTOP)
        traffic.ping(home.clients[0], house.INTERNET4)
        assert_exact(truth, daemon)
        assert daemon.stop() == 0
        assert "the recorder does not end: it is killed" in daemon.said()


def test_it_has_two_directories_of_its_own(home):
    with Daemon(home.router, history=True) as daemon:
        assert shape(daemon.state) == (KEEPER, KEEPER, 0o750)
        assert shape(recent(daemon)) == (KEEPER, KEEPER, 0o700)
        os.chmod(daemon.state, 0o755)
        assert daemon.stop() == 0
        daemon.start()
        assert shape(daemon.state) == (KEEPER, KEEPER, 0o755)
        assert "cannot make" not in daemon.said()


def root_s_directory(daemon, *files):
    """With files of root's, and the state of it and of each file once the daemon has started."""
    os.mkdir(daemon.state)
    for name in files:
        with open(f"{daemon.state}/{name}", "wb"):
            pass


def test_an_empty_directory_of_root_s_is_given_to_it_with_its_database(home):
    """So it is left by a daemon that had no user of its own."""
    daemon = Daemon(home.router, history=True)
    root_s_directory(daemon, "history.db", "history.db-journal")
    os.symlink("/etc/passwd", f"{daemon.state}/history.db.link")
    os.mkdir(recent(daemon))
    with daemon:
        assert shape(daemon.state) == (KEEPER, KEEPER, 0o755)
        assert shape(f"{daemon.state}/history.db")[0] == KEEPER
        assert shape(f"{daemon.state}/history.db.link")[0] == os.stat("/etc/passwd").st_uid == 0
        assert shape(recent(daemon))[0] == KEEPER


@pytest.mark.parametrize("which", ["something else in it", "others may write", "another's"])
def test_any_other_directory_stays_whose_it_is(home, which):
    daemon = Daemon(home.router, history=True)
    root_s_directory(daemon, *(["precious"] if which == "something else in it" else []))
    os.chmod(daemon.state, 0o777 if which == "others may write" else 0o755)
    os.chown(daemon.state, 1234 if which == "another's" else 0, 1234)
    before = shape(daemon.state)
    with daemon:
        assert shape(daemon.state) == before


def link(path):
    os.mkdir(f"{path}.there")
    os.symlink(f"{path}.there", path)
    os.lchown(path, 1234, 1234)


def directory(path):
    os.mkdir(path, 0o777)
    os.chown(path, 1234, 1234)


@pytest.mark.parametrize("put", [link, directory])
def test_what_another_user_put_in_its_place_is_left_alone(home, put):
    client = home.clients[0]
    daemon = Daemon(home.router, history=True)
    os.chown(daemon.directory, 0, 0)
    os.chmod(daemon.directory, 0o1777)
    put(daemon.state)
    before = shape(daemon.state), shape(f"{daemon.state}/.")
    with wire.Truth(home.clients) as truth, daemon:
        assert (shape(daemon.state), shape(f"{daemon.state}/.")) == before
        said = f"--state {daemon.state}: cannot make this directory: something of another user's is in the way"
        assert said in daemon.said()
        traffic.ping(client, house.INTERNET4)
        assert_exact(truth, daemon)


@pytest.mark.parametrize("which, why", [("file", "Not a directory"), ("gone/state", "No such file or directory")])
def test_where_it_cannot_be_made_the_daemon_counts_all_the_same(home, which, why):
    daemon = Daemon(home.router, history=True)
    path = f"{house.scratch('none')}/{which}"
    if which == "file":
        shutil.copy("/etc/passwd", path)
    daemon.options += ["--state", path]
    with wire.Truth(home.clients) as truth, daemon:
        assert f"--state {path}: cannot make this directory: {why}" in daemon.said()
        traffic.ping(home.clients[0], house.INTERNET4)
        assert_exact(truth, daemon)
