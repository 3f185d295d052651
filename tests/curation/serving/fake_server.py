"""A server that is no model: fake_server.py MODE PORT [FILE]. It writes its own and its child's pid to the file.

MODE: well; never (it is never healthy); broken (it says why and ends); deaf (it ignores that it should end).
"""

import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            sys.stderr.write("(EngineCore pid=7) ERROR 11-21 20:03:41 [core.py:1510] MemoryError: no room\n")
            self.server.dead = True
        self.send_response(200)
        self.end_headers()

    def log_message(self, *words):
        pass


def main(mode, port, file):
    if mode == "broken":
        sys.stderr.write(
            "(APIServer pid=7) Traceback (most recent call last):\nValueError: no such model\n  at the end\n"
        )
        return 3
    if mode == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    file.with_suffix(".half").write_text(f"{child.pid} {subprocess.os.getpid()}")
    file.with_suffix(".half").rename(file)
    if mode == "never":
        signal.pause()
    with HTTPServer(("127.0.0.1", port), Handler) as server:
        server.dead = False
        while not server.dead:
            server.handle_request()
    return 1


sys.exit(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
