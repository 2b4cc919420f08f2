#!/usr/bin/env python3
"""Looks for what nobody thought of: two scanners against a running server. `./test` runs this.

1. `Server`: the program serves guides and two apps from a folder that goes away, in development mode.
2. `schemathesis` calls the API with whatever its description allows, and with what it forbids: with a token, and without.
3. `wapiti` reads pages as a crawler does and puts harm into every field and address: signed in, and as a stranger.
4. The last line counts what was tried and what was found. What is found and is no fault is named here, with the reason.

usage: scan.py LOGGIA TOOLS    the program, and the folder that holds `schemathesis` and `wapiti`
"""

import contextlib
import html.parser
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

# How long the scanners may take, in seconds.
CALLING = {"with a token": 45, "without one": 15}
CRAWLING = 20
ATTACKING = 8
PATIENCE = 100

# What schemathesis checks of every answer.
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ensure_resource_availability",
    "ignored_auth",
]
# And what it could check, and does not.
NOT_CHECKED = {
    "positive_data_acceptance": "a schema cannot say which apps and networks there are: what it allows may be refused",
    "missing_required_header": "no call has one but `Authorization`, which `ignored_auth` tries",
    "object_level_authorization": "needs two people; tests/it/tokens.rs and tests/it/likeness.rs have them",
}

# What wapiti tries.
MODULES = [
    "backup",
    "cookieflags",
    "crlf",
    "csp",
    "exec",
    "file",
    "htaccess",
    "http_headers",
    "permanentxss",
    "redirect",
    "shellshock",
    "sql",
    "upload",
    "xss",
]
# And what it could try, and does not.
NOT_TRIED = {
    "ldap": "takes answers that differ for a finding, such as those with a new code each time; there is no directory",
    "methods": "only tells what OPTIONS answers",
    "csrf": "forms carry no token: they are held to the origin that sends them (tests/it/origins.rs)",
    "ssrf": "needs a server on the internet that tells what reached it",
    "xxe": "needs the same, and nothing here reads XML",
    "ssl": "the server speaks plain HTTP on loopback here",
    "timesql": "measures time, which a busy machine makes up; there is no database",
}
# What wapiti tells and is no fault: its category, words of what it says, and why it is none.
NO_FAULT = [
    (
        "Clickjacking Protection",
        "X-Frame-Options is not set",
        "the policy has `frame-ancestors`, for whose sake browsers pass this header over (CSP 2, section 7.7.1)",
    ),
    (
        "Content Security Policy Configuration",
        '"object-src" value is not safe',
        "it is 'self': files of the guides, whose PDFs browsers show as an object; no publisher of apps reaches that host",
    ),
]
# Where a signed-in crawler would end its own session or what it looks at; and the provider of development mode, which answers
# otherwise each time and is there for this machine alone.
LEFT_ALONE = ["/-/sign-out", "/-/account/sessions/*", "/-/people/*", "/-/apps/*/delete", "/-/account/tokens/revoke", "/-/provider/*"]


def main() -> int:
    program, tools = (pathlib.Path(given).resolve() for given in sys.argv[1:3])
    tried, found = 0, []
    with Server(program) as server:
        for who, bearer in {"with a token": server.token, "without one": None}.items():
            count, problems = call_the_api(server, tools, who, bearer)
            tried, found = tried + count, found + problems
        for who, cookie in {"signed in": server.sign_in(), "as a stranger": None}.items():
            count, problems = read_the_pages(server, tools, who, cookie)
            tried, found = tried + count, found + problems
        if server.process.poll() is not None:
            found.append("the server ended by itself")
    for problem in found:
        print(f"FOUND: {problem}")
    print(f"{tried - len(found)} passed, {len(found)} failed")
    return 1 if found or not tried else 0


# --- 1. The server ----------------------------------------------------------------------------------------------------


class Server:
    """A server in development mode in a folder of its own, with `dev@localhost` as administrator."""

    def __init__(self, program: pathlib.Path):
        self.program = program

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="loggia-scan-")
        self.path = pathlib.Path(self.folder.name)
        content = self.path / "content"
        content.mkdir()
        (content / "index.md").write_text("# Start here\n\nSee [the tools](tools.md).\n")
        (content / "tools.md").write_text("# Tools\n\n## Install RStudio\n\nUse the platform.\n")
        ports = [free_port(), free_port()]
        self.url = f"http://localhost:{ports[0]}"
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("LOGGIA_")}
        self.environment |= {
            "LOGGIA_ACCESS_ADMINISTRATORS": "dev@localhost",
            "LOGGIA_ACCESS_GUIDE_PUBLISHERS": "dev@localhost",
            "LOGGIA_LOGS_REQUESTS": "false",
            "XDG_CONFIG_HOME": str(self.path / "config"),
        }
        listen = [f"--listen=127.0.0.1:{ports[0]}", f"--ops-listen=127.0.0.1:{ports[1]}"]
        self.log = open(self.path / "log", "wb")
        self.process = subprocess.Popen(
            [self.program, "serve", *listen], cwd=self.path, env=self.environment, stdout=self.log, stderr=self.log
        )
        for _ in range(600):
            with contextlib.suppress(OSError):
                if urllib.request.urlopen(f"http://127.0.0.1:{ports[1]}/readyz").status == 200:
                    break
            time.sleep(0.1)
        self.token = (self.path / ".loggia" / "dev-token").read_text().strip()
        self.publish("tides", "<h1>Tides</h1>")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
        self.log.close()
        self.folder.cleanup()

    def publish(self, app: str, page: str):
        """Publishes an app of one page, and shares it."""
        file = self.path / f"{app}.html"
        file.write_text(page)
        for command in (["publish", str(file), "--app", app], ["share", app, "--add", "ann@example.org"]):
            subprocess.run(
                [self.program, *command], cwd=self.path, env=self.environment, check=True, stdout=subprocess.DEVNULL
            )

    def sign_in(self) -> str:
        """Signs in as `dev@localhost`, and answers the cookie of the session."""
        cookies: dict[str, str] = {}
        status, location, page = self.ask("GET", "/-/sign-in?return=/-/account/", cookies)
        while status == 303:
            status, location, page = self.ask("GET", location, cookies)
        form = Hidden()
        form.feed(page)
        fields = form.fields | {"email": "dev@localhost"}
        status, location, page = self.ask("POST", "/-/provider/authorize", cookies, fields)
        while status == 303:
            status, location, page = self.ask("GET", location, cookies)
        if status != 200 or "dev@localhost" not in page:
            raise RuntimeError(f"signing in ended with {status}")
        return f"__Host-loggia={cookies['__Host-loggia']}"

    def ask(self, method, address, cookies, fields=None):
        """One request to the main host as a browser sends it; keeps the cookies."""
        there = urllib.parse.urlsplit(urllib.parse.urljoin(self.url, address))
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        body = urllib.parse.urlencode(fields) if fields else None
        if fields:
            headers |= {"Origin": self.url, "Sec-Fetch-Site": "same-origin"}
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        connection = http.client.HTTPConnection("127.0.0.1", there.port, timeout=30)
        connection.putrequest(method, f"{there.path}?{there.query}".rstrip("?"), skip_host=True)
        for name, value in ({"Host": there.netloc} | headers).items():
            connection.putheader(name, value)
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode() if body else None)
        answer = connection.getresponse()
        page = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            cookies[name] = value
        return answer.status, answer.headers.get("Location"), page


class Hidden(html.parser.HTMLParser):
    """The hidden fields of a page."""

    def __init__(self):
        super().__init__()
        self.fields = {}

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden":
            self.fields[given["name"]] = given.get("value", "")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- 2. The API -------------------------------------------------------------------------------------------------------


def call_the_api(server: Server, tools: pathlib.Path, who: str, bearer: str | None) -> tuple[int, list[str]]:
    """Calls everything that the description has, and answers how many calls were made and what was found."""
    to = server.path / f"api {who}"
    to.mkdir()
    command = [tools / "schemathesis", "run", f"{server.url}/-/api/openapi.json", "--no-color", "--continue-on-failure"]
    command += ["--max-time", str(CALLING[who]), "--checks", ",".join(CHECKS)]
    command += ["--report", "json", "--report-json-path", to / "report.json", "--report-dir", to]
    if bearer:
        command += ["--header", f"Authorization: Bearer {bearer}"]
    told = run(command, to, CALLING[who] + PATIENCE)
    try:
        report = json.loads((to / "report.json").read_text())
    except OSError:
        return 1, [f"schemathesis {who} made no report:\n{told[-3000:]}"]
    cases, found = report["test_cases"]["generated"], []
    for failure in report["failures"]:
        found += [f"schemathesis {who}: {failure['title']} at {operation}" for operation in failure["operations"]]
    found += [f"schemathesis {who}: {json.dumps(error)[:300]}" for error in report["errors"]]
    tested = report["operations"]["tested"]
    if tested < report["operations"]["total"] or not cases:
        found.append(f"schemathesis {who}: {tested} of {report['operations']['total']} calls were tried")
    print(f"schemathesis {who}: {cases} calls of {tested} operations, {len(found)} findings", flush=True)
    if found:
        print(told[-12000:])
    # An operation holds or does not, however often it was called.
    return max(tested, len(found)), found


# --- 3. The pages -----------------------------------------------------------------------------------------------------


def read_the_pages(server: Server, tools: pathlib.Path, who: str, cookie: str | None) -> tuple[int, list[str]]:
    """Crawls and attacks, and answers how many modules were run and what was found."""
    to = server.path / f"pages {who}"
    to.mkdir()
    command = [tools / "wapiti", "--url", f"{server.url}/", "--scope", "folder", "--no-bugreport", "--verbose", "1"]
    for start in ("-/apps/", "-/apps/tides/", "-/apps/tides/share", "-/account/", "-/device", "-/search?q=tools"):
        command += ["--start", f"{server.url}/{start}"]
    for left_alone in LEFT_ALONE:
        command += ["--exclude", f"{server.url}{left_alone}"]
    # As a page of ours sends it, or every form would be refused at the door.
    command += ["--header", f"Origin: {server.url}", "--header", "Sec-Fetch-Site: same-origin", "--drop-set-cookie"]
    if cookie:
        command += ["--header", f"Cookie: {cookie}"]
    command += ["--module", ",".join(MODULES), "--max-scan-time", str(CRAWLING), "--max-attack-time", str(ATTACKING)]
    command += ["--format", "json", "--output", to / "report.json"]
    command += ["--flush-session", "--store-session", to / "session", "--store-config", to / "config"]
    told = run(command, to, CRAWLING + ATTACKING * len(MODULES) + PATIENCE)
    try:
        report = json.loads((to / "report.json").read_text())
    except OSError:
        return 1, [f"wapiti {who} made no report:\n{told[-3000:]}"]
    found = []
    for kind in ("vulnerabilities", "anomalies"):
        for category, faults in report[kind].items():
            for fault in faults:
                if not any(category == named and words in fault["info"] for named, words, _ in NO_FAULT):
                    found.append(f"wapiti {who}: {category}: {fault['info']} ({fault['method']} {fault['path']})")
    pages = report["infos"]["crawled_pages_nbr"]
    print(f"wapiti {who}: {pages} pages and forms, {len(MODULES)} modules, {len(found)} findings", flush=True)
    if pages < (12 if cookie else 6):
        found.append(f"wapiti {who} read {pages} pages: it found no way in")
    return max(len(MODULES), len(found)), found


def run(command: list, where: pathlib.Path, seconds: int) -> str:
    """What a command prints, which must end in time."""
    try:
        done = subprocess.run(
            [str(part) for part in command], cwd=where, timeout=seconds, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except subprocess.TimeoutExpired as late:
        return f"it was not done after {seconds} s\n{(late.stdout or b'').decode(errors='replace')}"
    return done.stdout.decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
