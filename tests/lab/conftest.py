# SPDX-License-Identifier: GPL-2.0-or-later
import os

import pytest

pytest.register_assert_rewrite("crowd", "daemon", "wire")
import house  # noqa: E402  pylint: disable=wrong-import-position


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: left out where everything takes longer anyway")
    config.addinivalue_line("markers", "plain: of which sanitizers see nothing, as the kernel does it, or another program")


@pytest.hookimpl(trylast=True)  # after options have chosen
def pytest_collection_modifyitems(config, items):
    """MZ_VARIANTS=1/2: of each test with several variants, every second one; 2/2: the others."""
    if not os.environ.get("MZ_VARIANTS"):
        return
    share, shares = map(int, os.environ["MZ_VARIANTS"].split("/"))
    variants = {}
    for item in items:
        variants.setdefault(item.nodeid.split("[")[0], []).append(item)
    left_out = [item for several in variants.values() if len(several) > 1
                for i, item in enumerate(several) if (i + share) % min(shares, len(several)) != 0]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session", autouse=True)
def lab():
    if not os.access(house.BUILT, os.X_OK):
        pytest.exit(f"{house.BUILT} is not there: run make all lab, or set MEZOURA", returncode=1)
    try:
        house.isolate()
    except (OSError, RuntimeError) as error:
        pytest.exit(f"the lab cannot be built here: {error}", returncode=1)


@pytest.fixture
def build():
    """build(...) makes a House that goes with the test."""
    houses = []

    def make(**options):
        houses.append(house.House(**options))
        return houses[-1]

    yield make
    for made in houses:
        made.remove()


@pytest.fixture
def home(build):
    """A house with two clients."""
    return build()
