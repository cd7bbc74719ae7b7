"""An S3 server on this machine: moto, in a process of its own, all in memory.

Moto honours `If-None-Match: *` on PutObject but looks and writes in two steps, so two requests at once could both
succeed. Here such requests wait for each other, as a store that promises conditional put has to make them.
"""

import subprocess
import sys
import threading
from pathlib import Path

BUCKET = "lakes"


def serve():
    """Serves until stdin ends, so that no server outlives its test. Prints its port."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    application = DomainDispatcherApplication(create_backend_app)
    one_at_a_time = threading.Lock()

    def with_atomic_conditions(environ, start_response):
        if environ.get("HTTP_IF_NONE_MATCH") or environ.get("HTTP_IF_MATCH"):
            with one_at_a_time:
                return application(environ, start_response)
        return application(environ, start_response)

    class Quiet(MotoRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_):
            pass

    server = make_server("127.0.0.1", 0, with_atomic_conditions, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


class Server:
    """The server as a context; `port` is where it listens."""

    def __enter__(self):
        command = [sys.executable, str(Path(__file__).resolve()), "serve"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.strip():
            raise RuntimeError("the S3 server did not start")
        self.port = int(line)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(30)


if __name__ == "__main__" and sys.argv[1:] == ["serve"]:
    serve()
