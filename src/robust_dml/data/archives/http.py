"""One file from one URL: streamed to a part file, resumed where it was cut, retried while that may help."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from robust_dml.runtime.progress import say, track

MEGABYTE = 10**6
AGENT = "robust-dml"
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # HTTP statuses that may be gone a moment later
RANGE_REFUSED = 416


class MirrorError(Exception):
    """This URL does not provide the file; another may."""


class _PassingError(Exception):
    """A failure after which another try may continue the download."""


@dataclass(frozen=True)
class Patience:
    """When to give up a download."""

    tries: int = 4
    """Tries in a row that bring less than a megabyte."""
    pause: float = 2.0
    """Seconds before the second try, doubled for each further one."""
    timeout: float = 60.0
    """Seconds without an answer that end a try."""


def receive(url: str, part: Path, size: int | None, patience: Patience) -> None:
    """Download the file at `url`, of `size` bytes if known, to `part`, and continue it if `part` holds its beginning.

    Raises MirrorError if that fails, and at once if the URL is not one of http or https.
    """
    _require_http(url)
    tries, have = 1, _size(part)
    while True:
        try:
            return _receive_rest(url, part, size, patience.timeout)
        except _PassingError as error:
            tries, have = (1, _size(part)) if _size(part) >= have + MEGABYTE else (tries + 1, have)
            if tries > patience.tries:
                raise MirrorError(f"{error} ({patience.tries} tries)") from error
            pause = patience.pause * 2 ** (tries - 1)
            say(f"{part.stem}: {error}; trying again in {pause:g} s")
            time.sleep(pause)


def _receive_rest(url: str, part: Path, size: int | None, timeout: float) -> None:
    have = _size(part)
    headers = {"User-Agent": AGENT} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        with urlopen(Request(url, headers=headers), timeout=timeout) as response:
            _require_http(response.url)
            resumed = response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
            _append(response, part, start=have if resumed else 0, size=size)
    except HTTPError as error:
        if error.code == RANGE_REFUSED and have:
            part.unlink()
            raise _PassingError("the server refused to resume; starting again") from error
        failure = _PassingError if error.code in PASSING else MirrorError
        raise failure(f"the server answers {error.code} {error.reason}") from error
    except (URLError, TimeoutError, ConnectionError, HTTPException) as error:
        raise _PassingError(f"no answer: {getattr(error, 'reason', None) or error or type(error).__name__}") from error
    except ValueError as error:
        raise MirrorError(f"not a URL: {error}") from error


def _append(response: HTTPResponse, part: Path, *, start: int, size: int | None) -> None:
    """Write the body of an answer to `part` from byte `start` on; later bytes of `part` are dropped."""
    first = response.read(MEGABYTE)
    _refuse_page(response.headers.get_content_type(), first)
    length = response.headers.get("Content-Length")
    total = start + int(length) if length else size
    if size is not None and total != size:
        raise MirrorError(f"expected {size} bytes, found {total}")
    with part.open("r+b" if start else "wb") as stream:
        stream.truncate(start)
        stream.seek(start)
        left = None if total is None else -(-(total - start) // MEGABYTE)
        for chunk in track(_chunks(first, response), title=part.stem, total=left, unit="MB"):
            _require_bounded(part, stream.tell() + len(chunk), total)
            stream.write(chunk)
    if total is not None and _size(part) != total:
        raise _PassingError(f"cut off after {_size(part)} of {total} bytes")


def _chunks(first: bytes, response: HTTPResponse) -> Iterator[bytes]:
    chunk = first
    while chunk:
        yield chunk
        chunk = response.read(MEGABYTE)


def _require_bounded(part: Path, size: int, total: int | None) -> None:
    """Raise MirrorError if a response of unknown length exceeds the expected size, since it may never end."""
    if total is not None and size > total:
        part.unlink()
        raise MirrorError(f"expected {total} bytes, found more")


def _require_http(url: str) -> None:
    if not url.lower().startswith(("http://", "https://")):
        raise MirrorError("expected a URL of http or https; correct the table of sources")


def _refuse_page(content_type: str, start: bytes) -> None:
    """Raise MirrorError if the response is an HTML page, as Google Drive sends when its quota is used up."""
    head = start[:4096].lstrip().lower()
    if content_type == "text/html" or head.startswith((b"<!doctype html", b"<html")):
        title = re.search(rb"<title>(.*?)</title>", start[:65536], re.IGNORECASE | re.DOTALL)
        said = " ".join(title[1].decode(errors="replace").split()) if title else "no title"
        raise MirrorError(f"expected a file, found an HTML page ({said})")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
