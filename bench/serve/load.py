"""Load by wrk, h2load or our own steady generator, and what it cost the server."""

import json
import pathlib
import re
import shutil
import subprocess

from servers import Failure

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
#: The same cipher for every server: which one is chosen is otherwise half of what TLS costs.
CIPHER = "TLS_AES_128_GCM_SHA256"
#: Asks by turns for the ranges that it is given.
RANGES = """
local requests, turn = {{}}, 0
init = function(args)
  for _, range in ipairs({{{ranges}}}) do
    wrk.headers["Range"] = "bytes=" .. range
    requests[#requests + 1] = wrk.format()
  end
end
request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
"""


def flood(server, resource, seconds, connections):
    """As many requests as wrk gets answered over HTTP/1.1."""
    command = [needed("wrk"), "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", "--latency"]
    for name, value in resource.headers.items():
        command += ["--header", f"{name}: {value}"]
    if resource.ranges:
        script = server.folder / "ranges.lua"
        script.write_text(RANGES.format(ranges=", ".join(f'"{first}-{last}"' for first, last in resource.ranges)))
        command += ["--script", str(script)]
    said, used = during(server, [*command, f"http://127.0.0.1:{server.port}{resource.path}"], seconds)
    if "Non-2xx" in said or "Socket errors" in said:
        raise Failure(f"the load on port {server.port} did not go well:\n{said}")
    value, unit = found(r"99%\s+([\d.]+)(us|ms|s|m)\b", said)
    return figures(used, int(found(r"(\d+) requests in", said)[0]), float(found(r"Requests/sec:\s+([\d.]+)", said)[0]),
                   float(value) * UNITS[unit])


def flood_http2(server, resource, seconds, connections):
    """As many requests as h2load gets answered over HTTP/2 and TLS: ten at a time on each of a few connections."""
    host = resource.headers["Host"].split(":")[0]
    command = [needed("h2load"), "--threads=1", f"--clients={max(1, connections // 10)}", "--max-concurrent-streams=10",
               f"--duration={seconds}", f"--tls13-ciphers={CIPHER}", f"--connect-to=127.0.0.1:{server.secure_port}"]
    command += [f"--header={name}: {value}" for name, value in resource.headers.items() if name != "Host"]
    said, used = during(server, [*command, f"https://{host}:{server.secure_port}{resource.path}"], seconds)
    total, done, failed = found(r"requests: (\d+) total, \d+ started, (\d+) done, \d+ succeeded, (\d+) failed", said)
    if int(failed) or not int(done) or CIPHER not in said or "Application protocol: h2" not in said:
        raise Failure(f"the load on port {server.secure_port} did not go well ({total} requests):\n{said}")
    return figures(used, int(done), int(done) / seconds, None)


def steady(server, resource, seconds, connections, rate):
    """A constant rate, by `steady.rs`: the 99th percentile is of answers, not of a queue that the load itself made."""
    headers = [f"{name}: {value}" for name, value in resource.headers.items()]
    command = [str(generator()), f"127.0.0.1:{server.port}", resource.path, str(rate), str(seconds), str(connections)]
    said, used = during(server, [*command, *headers], seconds)
    told = json.loads(said)
    return {**figures(used, rate * seconds, rate, told["p99"] / 1000), "p50_milliseconds": told["p50"] / 1000}


def figures(used, requests, rate, p99):
    return {"requests_per_second": rate, "cpu_microseconds": used / requests * 1e6, "p99_milliseconds": p99}


def during(server, command, seconds):
    """What the command said, and the processor time that the server took meanwhile, in seconds."""
    before = server.cpu_seconds()
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    used = server.cpu_seconds() - before
    if done.returncode != 0:
        raise Failure(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout, used


def needed(program):
    if not shutil.which(program):
        raise Failure(f"there is no {program}; install the package {dict(h2load='nghttp2-client').get(program, program)}")
    return program


BUILT = {}


def generator():
    """The steady generator, built once a run."""
    if "steady" not in BUILT:
        raise Failure("the steady generator was not built")
    return BUILT["steady"]


def build_generator(folder):
    source, target = pathlib.Path(__file__).with_name("steady.rs"), folder / "steady"
    done = subprocess.run(["rustc", "--edition", "2024", "-O", "-o", str(target), str(source)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"steady.rs cannot be built:\n{done.stderr}")
    BUILT["steady"] = target


def found(pattern, text):
    match = re.search(pattern, text)
    if not match:
        raise Failure(f"the load generator said something else than it used to:\n{text}")
    return match.groups()
