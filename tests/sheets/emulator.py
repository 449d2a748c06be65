"""The emulator's server: each request through a socket, with the mishaps of `faults`."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from tests.sheets.book import Book, Tab
from tests.sheets.calls import Answer, Refused, refusal
from tests.sheets.faults import Fault
from tests.sheets.google import Google

KEY = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_abcd"
_PATIENCE_S = 60.0


class Emulator(Google):
    """Google, listening.

    Attributes:
        url: Where.
        book: A spreadsheet that is there from the start, shared with nobody.
        tab: Its only tab.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tab = Tab(0, "Priorities")
        self.book = Book(KEY, "Fleet", [self.tab])
        self.books[KEY] = self.book
        self.closing = Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.google = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; those who hang are let go."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def emulator() -> Iterator[Emulator]:
    """Google for the length of a test."""
    made = Emulator()
    try:
        yield made
    finally:
        made.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    google: Emulator

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing is logged."""

    def _serve(self) -> None:
        google = self.server.google
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            call = google.call_of(
                self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, data
            )
        except Refused as refused:
            self._answer(refused.answer)
            return
        fault = google.fault(call)
        if fault is None:
            self._answer(google.do(call))
            return
        answer = google.do(call) if fault.apply else Answer(fault.status, "")
        if not fault.apply:
            google.calls[call.deed] += 1
        self._spoil(fault, answer)

    def _spoil(self, fault: Fault, answer: Answer) -> None:
        if fault.manner == "answer":
            known = refusal(fault.status, fault.message, fault.reason).body
            body = known if fault.body is None else fault.body
            self._answer(Answer(fault.status, body, fault.headers))
            return
        self.close_connection = True
        if fault.manner == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif fault.manner == "hang":
            self._until(fault, _PATIENCE_S)
        elif fault.manner == "cut":
            self._answer(answer, missing=20)
        else:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not self._until(fault, 0.05):
                self.wfile.write(b" ")
                self.wfile.flush()
        self.connection.close()

    def _until(self, fault: Fault, seconds: float) -> bool:
        """Wait until the fault is over, or the emulator ends."""
        for _ in range(max(1, round(seconds / 0.05))):
            if fault.release.wait(0.05) or self.server.google.closing.is_set():
                return True
        return False

    def _answer(self, answer: Answer, missing: int = 0) -> None:
        data = answer.body.encode()
        self.send_response(answer.status)
        html = answer.body.startswith("<")
        self.send_header("Content-Type", "text/html" if html else "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, text in answer.headers:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data[: len(data) - missing])
        self.wfile.flush()
