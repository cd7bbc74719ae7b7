"""Between adlake and its S3 server: passes requests on, sees what is stored, and where it is told to, does what networks
and stores under load do."""

import http.client
import random
import socket
import socketserver
import threading
from collections import Counter
from urllib.parse import unquote

SLOW_DOWN = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
INTERNAL = b"<?xml version='1.0'?><Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"

# What may happen to a request, apart from being answered.
FAULTS = (
    "throttled",  # 503 SlowDown, not carried out
    "failed",  # 500, not carried out
    "failed after",  # carried out, yet 500
    "cut in upload",  # the connection ends with half of the body received, not carried out
    "cut in answer",  # carried out; the connection ends with half of the answer sent
)


class Proxy(socketserver.ThreadingTCPServer):
    """The proxy as a context. `fault_rate` is the share of requests that something happens to."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, server_port, seed=0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.server_port, self.dice = server_port, random.Random(seed)
        self.fault_rate = 0.0
        self.lock = threading.Lock()
        self.faults, self.requests, self.parts, self.stored = Counter(), 0, 0, []

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def fault(self, method, condition, has_body):
        """What happens to the next request, or None."""
        with self.lock:
            self.requests += 1
            if self.dice.random() >= self.fault_rate:
                return None
            fault = self.dice.choice([f for f in FAULTS if has_body or f != "cut in upload"])
            self.faults[f"{method}{' if absent' if condition else ''} {fault}"] += 1
            return fault

    def was_stored(self, path):
        with self.lock:
            self.stored.append(unquote(path.split("?")[0]))
            self.parts += "partNumber=" in path

    def handle_error(self, request, client_address):
        """A client that was killed leaves its connections: nothing to tell."""


class Handler(socketserver.StreamRequestHandler):
    """One connection of a client."""

    disable_nagle_algorithm = True

    def handle(self):
        self.behind = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=120)
        try:
            while self.one_request():
                pass
        except (ConnectionError, TimeoutError, http.client.HTTPException):
            pass
        finally:
            self.behind.close()

    def one_request(self):
        """Answers a request; False when the connection is to end."""
        line = self.rfile.readline()
        if not line.strip():
            return False
        method, path, _ = line.decode().split()
        headers = http.client.parse_headers(self.rfile)
        length = int(headers.get("Content-Length") or 0)
        fault = self.server.fault(method, headers.get("If-None-Match"), length > 1)
        if fault == "cut in upload":
            self.rfile.read(length // 2)
            return self.cut()
        body = self.rfile.read(length)
        if len(body) < length:
            return False  # the client was killed in mid-upload: nothing is carried out
        if fault == "throttled":
            return self.answer(503, {}, SLOW_DOWN)
        if fault == "failed":
            return self.answer(500, {}, INTERNAL)
        status, found, content = self.pass_on(method, path, headers, body)
        if method in ("PUT", "POST") and status == 200:
            self.server.was_stored(path)
        if fault == "failed after":
            return self.answer(500, {}, INTERNAL)
        if fault == "cut in answer":
            self.wfile.write(self.head(status, found, len(content)) + content[: len(content) // 2])
            return self.cut()
        return self.answer(status, found, content, without_body=method == "HEAD")

    def pass_on(self, method, path, headers, body):
        sent = {k: v for k, v in headers.items() if k.lower() not in ("connection", "content-length", "transfer-encoding")}
        for left in (1, 0):
            try:
                self.behind.request(method, path, body, sent)
                response = self.behind.getresponse()
                return response.status, dict(response.getheaders()), response.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                # An idle connection that the server had closed. It never closes one with a request under way.
                self.behind.close()
                if not left:
                    raise
        raise ConnectionError

    def head(self, status, headers, length):
        lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Answer')}"]
        kept = {k: v for k, v in headers.items() if k.lower() not in ("connection", "transfer-encoding", "content-length")}
        lines += [f"{k}: {v}" for k, v in kept.items()] + [f"Content-Length: {length}", "", ""]
        return "\r\n".join(lines).encode()

    def answer(self, status, headers, content, without_body=False):
        # The answer to HEAD tells the length of what it does not send.
        length = next((v for k, v in headers.items() if k.lower() == "content-length"), len(content)) if without_body else len(content)
        self.wfile.write(self.head(status, headers, length) + content)
        return True

    def cut(self):
        """Ends the connection at once, without the usual goodbye."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        return False
