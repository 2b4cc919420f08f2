"""The servers under comparison: started on free loopback ports, stopped with the `with` block they live in."""

import os
import pathlib
import shutil
import socket
import subprocess
import time


class Failure(Exception):
    """Why there is nothing to measure, and what to do about it."""


class Server:
    """A process that listens on `port` and writes what it says to a file."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.process = None

    def start(self, command, environment=None):
        said = self.folder / "said.log"
        with said.open("wb") as file:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        deadline = time.monotonic() + 60
        while not self.listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                last = said.read_text(errors="replace")[-2000:]
                raise Failure(f"{command[0]} does not serve on port {self.port}; it said:\n{last}")
            time.sleep(0.05)
        return self

    def listens(self):
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __exit__(self, *_):
        self.stop()

    def cpu_seconds(self):
        """User and system time of the process and its children, all threads included."""
        ticks = 0
        for process in [self.process.pid, *children(self.process.pid)]:
            ticks += sum(int(field) for field in stat(process)[11:13])
        return ticks / os.sysconf("SC_CLK_TCK")


class Nginx(Server):
    """nginx serving the files of `site`, as its manual recommends for static files."""

    def __init__(self, site, folder, workers):
        super().__init__(folder)
        self.site, self.workers = site, workers

    def __enter__(self):
        binary = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if not binary:
            raise Failure("there is no nginx; install the package nginx-light")
        temporary = "".join(
            f'  {name}_temp_path "{self.folder}/{name}";\n'
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # Started as root, its workers would become somebody who may not read the folder.
        user = "user root;\n" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(f"""{user}worker_processes {self.workers};
daemon off;
pid "{self.folder}/pid";
error_log "{self.folder}/error.log";
events {{ worker_connections 4096; }}
http {{
{temporary}  types {{ text/html html; text/csv csv; }}
  charset utf-8;
  access_log "{self.folder}/access.log" combined;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  server {{
    listen 127.0.0.1:{self.port};
    root "{self.site}";
  }}
}}
""")
        return self.start([binary, "-p", str(self.folder), "-e", "error.log", "-c", "nginx.conf"])


class Loggia(Server):
    """Loggia in development mode, its storage a new folder."""

    def __init__(self, binary, content, folder, workers, requests_logged):
        super().__init__(folder)
        if not pathlib.Path(binary).is_file():
            raise Failure(f"there is no {binary}; build it with `cargo build --release`")
        self.binary, self.content = str(binary), str(content)
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("LOGGIA_")}
        self.environment["LOGGIA_SERVER_WORKERS"] = str(workers)
        self.environment["LOGGIA_LOGS_REQUESTS"] = "true" if requests_logged else "false"
        self.host = f"localhost:{self.port}"

    def __enter__(self):
        return self.start(
            [self.binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--ops-listen", f"127.0.0.1:{free_port()}",
             "--content", self.content, "--storage", "./.loggia"],
            self.environment)

    def publish(self, app, name):
        """Publishes the folder `app`, with the token that development mode leaves in its storage."""
        environment = dict(self.environment)
        environment["LOGGIA_SERVER"] = f"http://{self.host}"
        environment["LOGGIA_TOKEN"] = (self.folder / ".loggia" / "dev-token").read_text().strip()
        # These two are the server's: a command refuses what it does not know.
        del environment["LOGGIA_SERVER_WORKERS"], environment["LOGGIA_LOGS_REQUESTS"]
        done = subprocess.run(
            [self.binary, "publish", str(app), "--app", name], cwd=self.folder, env=environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise Failure(f"loggia publish failed:\n{done.stdout}{done.stderr}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stat(process):
    """The fields of /proc/PID/stat after the name, which may hold spaces (proc(5): the first is the state)."""
    return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def children(parent):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int(stat(entry.name)[1]) == parent:
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                pass  # It ended while we looked.
    return found
