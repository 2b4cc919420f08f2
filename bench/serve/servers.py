"""The servers under comparison: started on free loopback ports, stopped with the `with` block they live in."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import time
import urllib.request


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
        deadline = time.monotonic() + 300
        while not self.listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                last = said.read_text(errors="replace")[-2000:]
                raise Failure(f"{command[0]} does not serve on port {self.port}; it said:\n{last}")
            time.sleep(0.01)
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
    """nginx serving the files of `site`, as its manual recommends for static files; over TLS on a port of its own."""

    def __init__(self, site, folder, workers, certificate):
        super().__init__(folder)
        self.site, self.workers, self.certificate = site, workers, certificate
        self.secure_port = free_port()

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
  gzip_static on;
  keepalive_requests 1000000000;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_certificate "{self.certificate.chain}";
  ssl_certificate_key "{self.certificate.key}";
  server {{
    listen 127.0.0.1:{self.port};
    listen 127.0.0.1:{self.secure_port} ssl http2;
    http2_max_requests 1000000000;
    root "{self.site}";
    # With it on, the last part of a range waits 40 ms for an acknowledgement.
    location ~ [.]bin$ {{ tcp_nopush off; }}
  }}
}}
""")
        return self.start([binary, "-p", str(self.folder), "-e", "error.log", "-c", "nginx.conf"])


class Caddy(Server):
    """Caddy serving the files of `site`, with its access log."""

    def __init__(self, site, folder, workers, certificate):
        super().__init__(folder)
        self.site, self.workers, self.certificate = site, workers, certificate
        self.secure_port = free_port()

    def __enter__(self):
        if not shutil.which("caddy"):
            raise Failure("there is no caddy; install the package caddy, or leave it out with --without-caddy")
        serving = f"""
  root * "{self.site}"
  file_server {{
    precompressed gzip
  }}
  log {{
    output file "{self.folder}/access.log"
  }}
"""
        (self.folder / "Caddyfile").write_text(f"""{{
  admin off
  auto_https off
}}
http://:{self.port} {{
  bind 127.0.0.1{serving}}}
https://:{self.secure_port} {{
  bind 127.0.0.1
  tls "{self.certificate.chain}" "{self.certificate.key}"{serving}}}
""")
        environment = {**os.environ, "GOMAXPROCS": str(self.workers), "HOME": str(self.folder)}
        return self.start(["caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"], environment)


class Loggia(Server):
    """Loggia in development mode, its storage a new folder or `storage`; `settings` are variables for the server alone."""

    def __init__(self, binary, content, folder, workers, requests_logged, certificate=None, settings=None, storage="./.loggia"):
        super().__init__(folder)
        self.storage = storage
        if not pathlib.Path(binary).is_file():
            raise Failure(f"there is no {binary}; build it with `cargo build --release`")
        self.binary, self.content = str(binary), str(content)
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("LOGGIA_")}
        #: What only the server is told: a command refuses what it does not know.
        self.settings = {"LOGGIA_SERVER_WORKERS": str(workers),
                         "LOGGIA_LOGS_REQUESTS": "true" if requests_logged else "false", **(settings or {})}
        if certificate:
            self.settings["LOGGIA_SERVER_TLS_CERTIFICATE"] = str(certificate.chain)
            self.settings["LOGGIA_SERVER_TLS_KEY"] = str(certificate.key)
            self.secure_port = self.port
        self.host = f"localhost:{self.port}"
        self.ops_port = free_port()

    def __enter__(self):
        return self.start(
            [self.binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--ops-listen", f"127.0.0.1:{self.ops_port}",
             "--content", self.content, "--storage", self.storage],
            {**self.environment, **self.settings})

    def publish(self, app, name):
        """Publishes the folder `app`."""
        self.command("publish", str(app), "--app", name)

    def command(self, *arguments):
        """A command of Loggia's, with the token that development mode leaves in its storage."""
        token = self.folder / ".loggia" / "dev-token"
        deadline = time.monotonic() + 30
        while not token.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        environment = {**self.environment, "LOGGIA_SERVER": f"http://{self.host}", "LOGGIA_TOKEN": token.read_text().strip()}
        done = subprocess.run(
            [self.binary, *arguments], cwd=self.folder, env=environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise Failure(f"loggia {arguments[0]} failed:\n{done.stdout}{done.stderr}")
        return done.stdout


class Moto(Server):
    """An S3 endpoint in memory (moto), which writes down every request."""

    def __enter__(self):
        if not shutil.which("moto_server"):
            raise Failure("there is no moto_server: python3 -m venv venv && venv/bin/pip install 'moto[server]==5.2.5', "
                          "and put venv/bin on the PATH")
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_EC2_METADATA_DISABLED": "true"}
        return self.start(["moto_server", "-H", "127.0.0.1", "-p", str(self.port)])

    def make(self, bucket):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{bucket}", method="PUT")
        urllib.request.urlopen(request).close()

    def requests(self):
        """Every request so far, as its method and path."""
        lines = (self.folder / "said.log").read_text(errors="replace")
        # What was refused is in colours.
        lines = re.sub(r"\x1b\[[\d;]*m", "", lines)
        return re.findall(r'"([A-Z]+) (\S+) HTTP/[\d.]+" \d+', lines)


class Certificate:
    """A certificate for localhost that nobody else trusts."""

    def __init__(self, folder):
        self.chain, self.key = folder / "certificate.pem", folder / "key.pem"
        done = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", str(self.key), "-out", str(self.chain)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"openssl made no certificate:\n{done.stderr}")


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
