"""An HTTP server on the loopback interface that serves archives as badly as it is told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLICE = 400_000  # bytes sent at once
PAGE = b"<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>no</body></html>"


@dataclass
class Resource:
    """What a path gives; each request takes the next fault, and the last one if `forever`.

    Faults: ok, cut (half of what is asked, then silence), stall (half, then nothing until the client gives up), 404,
    503, page, wrong (other bytes, of the same length), whole (ignores the range), refuse-range (416), no-length,
    endless (no length, and more bytes than there are), slow (the whole in a few seconds).
    """

    content: bytes
    faults: list[str] = field(default_factory=list)
    forever: bool = False

    def next_fault(self) -> str:
        if not self.faults:
            return "ok"
        return self.faults[0] if self.forever else self.faults.pop(0)


@dataclass
class FaultyServer:
    """Its address, what it serves, and the requests it got: (path, Range header)."""

    address: str
    resources: dict[str, Resource] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)

    def serve(self, name: str, content: bytes, *faults: str, forever: bool = False) -> str:
        """Serve `content` as /name and return its URL."""
        self.resources[f"/{name}"] = Resource(content, list(faults), forever)
        return f"{self.address}/{name}"


@contextmanager
def faulty_server() -> Iterator[FaultyServer]:
    """A running server, stopped at the end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.faulty = FaultyServer(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
    server.stopped = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.faulty  # type: ignore[attr-defined]
    finally:
        server.stopped.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        faulty = self.server.faulty  # type: ignore[attr-defined]
        asked = self.headers.get("Range")
        faulty.requests.append((self.path, asked))
        resource = faulty.resources.get(self.path)
        fault = resource.next_fault() if resource else "404"
        if fault in ("404", "503"):
            self.send_error(int(fault))
        elif fault == "refuse-range" and asked:
            self.send_error(416)
        elif fault == "page":
            self._send(200, len(PAGE), PAGE, {"Content-Type": "text/html; charset=utf-8"})
        else:
            self._send_content(resource.content, fault, asked)

    def _send_content(self, content: bytes, fault: str, asked: str | None) -> None:
        if fault == "wrong":
            content = bytes(byte ^ 0xFF for byte in content)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and fault != "whole" else 0
        body = content[start:]
        sent = body[: len(body) // 2] if fault in ("cut", "stall") else body * (5 if fault == "endless" else 1)
        headers = {"Content-Type": "application/octet-stream"}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        length = len(body) if fault not in ("no-length", "endless") else None
        self._send(206 if start else 200, length, sent, headers, pause=0.3 if fault == "slow" else 0.0)
        if fault == "stall":
            self.server.stopped.wait(5)  # type: ignore[attr-defined]

    def _send(self, status: int, length: int | None, sent: bytes, headers: dict[str, str], pause: float = 0.0) -> None:
        self.send_response(status)
        lengths = {} if length is None else {"Content-Length": str(length)}
        for name, value in {**headers, **lengths, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError):  # a client may hang up
            for first in range(0, len(sent), SLICE):
                self.wfile.write(sent[first : first + SLICE])
                self.wfile.flush()
                time.sleep(pause)
        self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        pass
