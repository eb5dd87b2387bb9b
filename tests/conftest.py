"""One thread per test process: quick beside busy neighbours, and sums always in one order."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# No deadline: these machines are shared. Derandomised: a commit that passes once passes again.
settings.register_profile("package", deadline=None, max_examples=30, derandomize=True)
settings.load_profile("package")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", type=Path, metavar="DIR", help="folder of recorded numbers; tests/golden if absent")
    parser.addoption(
        "--page", type=Path, metavar="FILE", help="a report page to open; one of made-up results if absent"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders that run whole studies first, so that no process of `pytest -n` is left with one at the end."""
    items.sort(key=lambda item: item.path.parent.name not in ("workflow", "faults"))


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name the content of a file `bytes`: an archive holds the time, and the processes of `pytest -n` compare names."""
    return "bytes" if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def golden_folder(request: pytest.FixtureRequest) -> Path:
    """The folder of the numbers recorded from the released code."""
    return request.config.getoption("--golden") or Path(__file__).parent / "golden"
