"""Load from wrk, and what it cost the server."""

import re
import shutil
import subprocess

from servers import Failure

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


def measure(server, path, headers, seconds, connections):
    """Loads `server` and answers requests a second, CPU microseconds a request and the 99th percentile in ms."""
    if not shutil.which("wrk"):
        raise Failure("there is no wrk; install the package wrk")
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", "--latency"]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    before = server.cpu_seconds()
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{server.port}{path}"], capture_output=True, text=True, timeout=seconds + 60)
    used = server.cpu_seconds() - before
    if done.returncode != 0 or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise Failure(f"the load on port {server.port} did not go well:\n{done.stdout}{done.stderr}")
    requests = int(found(r"(\d+) requests in", done.stdout)[0])
    value, unit = found(r"99%\s+([\d.]+)(us|ms|s|m)\b", done.stdout)
    return {
        "requests_per_second": float(found(r"Requests/sec:\s+([\d.]+)", done.stdout)[0]),
        "cpu_microseconds": used / requests * 1e6,
        "p99_milliseconds": float(value) * UNITS[unit],
    }


def found(pattern, text):
    match = re.search(pattern, text)
    if not match:
        raise Failure(f"wrk said something else than it used to:\n{text}")
    return match.groups()
