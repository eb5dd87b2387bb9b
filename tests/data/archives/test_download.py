"""Every way in which a mirror can fail ends in the right file by another way, or in an error that says it all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from faulty_server import FaultyServer, faulty_server
from robust_dml.data.archives.download import fetch
from robust_dml.data.archives.http import Patience
from robust_dml.data.archives.sources import Archive
from robust_dml.runtime.errors import UserError

CONTENT = np.random.default_rng(0).bytes(3_000_000)
HURRIED = Patience(tries=3, pause=0.01, timeout=0.5)
NAME = "birds.tgz"


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with faulty_server() as running:
        yield running


def birds(*mirrors: str, **facts: object) -> Archive:
    known = {"size": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest(), **facts}
    return Archive(file=NAME, mirrors=list(mirrors), unpacked=10**9, **known)  # type: ignore[arg-type]


def assert_only(folder: Path, *names: str) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)


def test_downloads_and_verifies(server: FaultyServer, tmp_path: Path) -> None:
    file = fetch(birds(server.serve(NAME, CONTENT)), tmp_path, HURRIED)
    assert file.read_bytes() == CONTENT
    assert_only(tmp_path, NAME)


@pytest.mark.parametrize(("fault", "resumed"), [("cut", "bytes=1500000-"), ("stall", "bytes=1000000-"), ("503", None)])
def test_passing_fault_is_retried(server: FaultyServer, tmp_path: Path, fault: str, resumed: str | None) -> None:
    fetch(birds(server.serve(NAME, CONTENT, fault)), tmp_path, HURRIED)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert server.requests == [(f"/{NAME}", None), (f"/{NAME}", resumed)]
    assert_only(tmp_path, NAME)


def test_progress_renews_patience(server: FaultyServer, tmp_path: Path) -> None:
    content = np.random.default_rng(1).bytes(20_000_000)
    url = server.serve(NAME, content, "cut", "cut", "cut", "cut")  # more cuts than tries, each a megabyte on
    facts = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    fetch(birds(url, **facts), tmp_path, HURRIED)
    assert (tmp_path / NAME).read_bytes() == content


@pytest.mark.parametrize("answer", ["whole", "refuse-range"])
def test_server_without_ranges_starts_again(server: FaultyServer, tmp_path: Path, answer: str) -> None:
    fetch(birds(server.serve(NAME, CONTENT, "cut", answer)), tmp_path, HURRIED)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert_only(tmp_path, NAME)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("404", "404 Not Found"),
        ("page", "expected a file, found an HTML page (Google Drive - Quota exceeded)"),
        ("wrong", "expected sha256"),
        ("503", "503 Service Unavailable (3 tries)"),
    ],
)
def test_next_mirror_helps_and_without_one_the_error_names_it(
    server: FaultyServer, tmp_path: Path, fault: str, said: str
) -> None:
    bad, good = server.serve(f"bad/{NAME}", CONTENT, fault, forever=True), server.serve(NAME, CONTENT)
    with pytest.raises(UserError) as raised:
        fetch(birds(bad), tmp_path, HURRIED)
    assert f"{bad}: " in str(raised.value) and said in str(raised.value)
    assert_only(tmp_path)
    fetch(birds(bad, good), tmp_path, HURRIED)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert_only(tmp_path, NAME)


def test_interrupted_download_goes_on_in_the_next_run(server: FaultyServer, tmp_path: Path) -> None:
    url = server.serve(NAME, CONTENT, "cut", "503", "503", "503")
    with pytest.raises(UserError, match="503"):
        fetch(birds(url), tmp_path, HURRIED)
    assert_only(tmp_path, f"{NAME}.part")
    server.requests.clear()
    fetch(birds(url), tmp_path, HURRIED)
    assert server.requests == [(f"/{NAME}", "bytes=1500000-")]
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_wrong_part_of_an_earlier_run_is_dropped(server: FaultyServer, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(bytes(1000))
    fetch(birds(server.serve(NAME, CONTENT)), tmp_path, HURRIED)
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_page_does_not_spoil_what_was_received(server: FaultyServer, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT[:1000])
    with pytest.raises(UserError, match="Quota exceeded"):
        fetch(birds(server.serve(NAME, CONTENT, "page")), tmp_path, HURRIED)
    assert (tmp_path / f"{NAME}.part").read_bytes() == CONTENT[:1000]


def test_other_size_is_refused_before_it_is_received(server: FaultyServer, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected 2999999 bytes, found 3000000"):
        fetch(birds(server.serve(NAME, CONTENT), size=2_999_999), tmp_path, HURRIED)
    assert_only(tmp_path)


@pytest.mark.parametrize("start", [0, 1_500_000])
def test_answer_without_a_length_is_cut_off_at_the_size(server: FaultyServer, tmp_path: Path, start: int) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT[:start])
    with pytest.raises(UserError, match="expected 3000000 bytes, found more"):
        fetch(birds(server.serve(NAME, CONTENT, "endless", forever=True)), tmp_path, HURRIED)
    assert_only(tmp_path)


def test_answer_without_a_length_is_accepted(server: FaultyServer, tmp_path: Path) -> None:
    fetch(birds(server.serve(NAME, CONTENT, "no-length")), tmp_path, HURRIED)
    assert (tmp_path / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("scheme", ["file", "ftp", "data", ""])
def test_other_schemes_than_http_are_refused(tmp_path: Path, scheme: str) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(CONTENT)
    with pytest.raises(UserError, match="expected a URL of http or https"):
        receive_all(f"{scheme}://{secret}", tmp_path)
    assert_only(tmp_path, "secret")


def receive_all(url: str, folder: Path) -> None:
    """As `fetch`, of a mirror that the table of sources would refuse."""
    fetch(birds().model_copy(update={"mirrors": [url]}), folder, HURRIED)


def test_no_server_at_all(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"http://127\.0\.0\.1:1/birds\.tgz: no answer: .*refused.* \(3 tries\)"):
        fetch(birds("http://127.0.0.1:1/birds.tgz"), tmp_path, HURRIED)


def test_archive_of_the_user_needs_no_network(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT)
    assert fetch(birds("http://127.0.0.1:1/birds.tgz"), tmp_path, HURRIED) == tmp_path / NAME


def test_wrong_archive_of_the_user_is_named_and_kept(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"?" * len(CONTENT))
    expected, found = (hashlib.sha256(content).hexdigest() for content in (CONTENT, b"?" * len(CONTENT)))
    with pytest.raises(UserError, match=rf"{NAME}.*expected sha256 {expected}, found {found} \(3000000 bytes\)"):
        fetch(birds("http://127.0.0.1:1/birds.tgz"), tmp_path, HURRIED)
    assert_only(tmp_path, NAME)


def test_md5_is_checked_where_it_is_all_there_is(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT)
    right = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    fetch(birds(sha256=None, md5=right), tmp_path)
    with pytest.raises(UserError, match=f"expected md5 {'0' * 32}, found {right}"):
        fetch(birds(sha256=None, md5="0" * 32), tmp_path)


def test_data_on_request_says_where_to_ask(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the authors give it on request"):
        fetch(birds(ask="the authors give it on request"), tmp_path)
