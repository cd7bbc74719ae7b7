"""Between a push and its server: passes requests on, counts them, and where it is told to, does what networks and servers under
load do."""

import http.client
import json
import socket
import ssl
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What may happen to a request, apart from being answered.
FAULTS = (
    "throttled",  # 429 with Retry-After, not carried out
    "failed",  # 500, not carried out
    "failed after",  # carried out, yet 500
    "hangs",  # not carried out, never answered
    "hangs after",  # carried out, never answered
    "cut",  # the connection ends with half of the body received, not carried out
    "cut in answer",  # carried out; the connection ends with half of the answer sent
)

# Carried out after the push has given up waiting for it: apart, since only creating something late leaves a trace.
LATE = "late"

RETRY_AFTER_SECONDS = 1
LATE_SECONDS = 2.8


class Proxy(ThreadingHTTPServer):
    """The proxy as a context.

    With `fault`, each `every`th request that was not seen before meets that fault, once; asked again it is answered. `only` limits that
    to paths that end so. `always` is an answer to everything. `authorization` is the header that requests must have. `on_request` is
    called with the number of each request before it is passed on.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, server_port, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.server_port_behind, self.scheme = server_port, "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.lock = threading.Lock()
        self.reset()

    def reset(self, fault=None, every=1, always=None, authorization=None, on_request=None, retry_after=True, only=""):
        with self.lock:
            self.fault, self.every, self.always, self.authorization = fault, every, always, authorization
            self.on_request, self.retry_after, self.only = on_request, retry_after, only
            self.seen, self.faults, self.asked, self.throttled, self.gaps = set(), Counter(), [], {}, []

    @property
    def uri(self):
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    @property
    def requests(self):
        return len(self.asked)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def arrived(self, method, path, body):
        """Notes a request; gives its number and what happens to it, or None."""
        request = (method, path, body)
        with self.lock:
            self.asked.append(f"{method} {path.split('?')[0]}")
            if request in self.throttled:
                self.gaps.append(time.monotonic() - self.throttled.pop(request))
            fault = None
            if self.fault and request not in self.seen and path.endswith(self.only):
                self.seen.add(request)
                if len(self.seen) % self.every == 0 and not (self.fault == "cut" and len(body) < 2):
                    fault = self.fault
                    self.faults[fault] += 1
            if fault == "throttled":
                self.throttled[request] = time.monotonic()
            return len(self.asked), fault

    def handle_error(self, request, client_address):
        """A client that was killed leaves its connections: nothing to tell."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        number, fault = self.server.arrived(self.command, self.path, body)
        if self.server.on_request:
            self.server.on_request(number)
        if self.server.authorization and self.headers.get("Authorization") != self.server.authorization:
            # As some gateways do: with the header in the answer.
            return self.send(401, {}, json.dumps({"message": f"not allowed: {self.headers.get('Authorization')}"}).encode())
        if self.server.always:
            return self.send(*self.server.always)
        if fault == "throttled":
            return self.send(429, {"Retry-After": str(RETRY_AFTER_SECONDS)} if self.server.retry_after else {}, b"")
        if fault == "failed":
            return self.send(500, {}, b"")
        if fault == "hangs":
            return self.hang()
        if fault == LATE:
            time.sleep(LATE_SECONDS)
        if fault == "cut":
            return self.cut()
        status, headers, content = self.pass_on(body)
        if fault == "failed after":
            return self.send(500, {}, b"")
        if fault == "hangs after":
            return self.hang()
        if fault == "cut in answer":
            return self.send(status, headers, content, cut=True)
        return self.send(status, headers, content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer_any

    def pass_on(self, body):
        behind = http.client.HTTPConnection("127.0.0.1", self.server.server_port_behind, timeout=120)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "transfer-encoding", "host")}
            behind.request(self.command, self.path, body, headers)
            response = behind.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        except (OSError, http.client.HTTPException):
            self.cut()
            raise ConnectionError from None
        finally:
            behind.close()

    def send(self, status, headers, content, cut=False):
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.wfile.flush()
            self.cut()

    def hang(self):
        time.sleep(30)
        self.cut()

    def cut(self):
        """Ends the connection at once, without the usual goodbye."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.connection.close()
