"""What is asked for: the same bytes from every server, checked before anything is measured."""

import http.client
import pathlib
import random
import ssl

import load
from browser import Browser
from servers import Failure

SIZE = 10 * 1024
LARGE = 64 << 20
PART = 64 << 10
PUBLISHER = "dev@localhost"
#: What the 99th percentile is taken at, in requests a second.
STEADY = 2000


class Resource:
    """How one server is asked, and what it must answer."""

    def __init__(self, path, headers, body, status=200, ranges=()):
        self.path, self.headers, self.body, self.status, self.ranges = path, headers, body, status, ranges

    def check(self, name, server, secure):
        headers = dict(self.headers)
        if self.ranges:
            headers["Range"] = "bytes={}-{}".format(*self.ranges[0])
        answer = ask(server, self.path, headers, secure)
        if (answer.status, answer.body) != (self.status, self.body):
            raise Failure(f"{name} answers {answer.status} and {len(answer.body)} other bytes for {self.path} "
                          f"than {self.status} and the {len(self.body)} expected")


class Case:
    """One goal: what CPU a request may take, as nginx's by ours, and how the load comes."""

    def __init__(self, name, goal, pairs, secure=False, rate=None):
        """`pairs` are servers with their resources, by name."""
        self.name, self.goal, self.pairs, self.secure, self.rate = name, goal, pairs, secure, rate
        for which, (server, resource) in pairs.items():
            resource.check(f"{name}: {which}", server, secure)

    def measure(self, which, seconds, connections):
        server, resource = self.pairs[which]
        if self.rate:
            return load.steady(server, resource, seconds, connections, self.rate)
        if self.secure:
            return load.flood_http2(server, resource, seconds, connections)
        return load.flood(server, resource, seconds, connections)


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()


def ask(server, path, headers, secure=False):
    if secure:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", server.secure_port, timeout=30, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def prepare(folder, loggia):
    """Publishes what is asked for; answers the guide's page and the files of the app."""
    content, app = folder / "content", folder / "app"
    page = sized_page(Browser(loggia.port), loggia.host, content)
    app.mkdir()
    dice = random.Random(1)
    files = {"data.csv": rows(SIZE), "report.html": page, "one.bin": dice.randbytes(1 << 20), "large.bin": dice.randbytes(LARGE)}
    for name, body in files.items():
        (app / name).write_bytes(body)
    (app / "index.html").write_text("<!doctype html><title>Benchmark</title><p>An app.\n")
    loggia.publish(app, "shut")
    loggia.publish(app, "open")
    loggia.command("share", "open", "--audience", "public")
    return page, files


def cases(loggia, secure_loggia, peers, site, page, files):
    """Every goal. `peers` serve the folder `site` at `/NAME`, by name."""
    main, opened, shut = loggia.host, f"open.{loggia.host}", f"shut.{loggia.host}"
    if ask(loggia, "/data.csv", {"Host": shut}).status == 200:
        raise Failure("the app's file is served without signing in: nothing to compare")
    browser = Browser(loggia.port)
    browser.visit(shut, "/data.csv", email=PUBLISHER)
    cookie = browser.cookies(shut)
    site.mkdir(exist_ok=True)
    for name, body in {**files, "page.html": page}.items():
        (site / name).write_bytes(body)

    def same(name, goal, path, host, file, extra=None, body=None, status=200, ranges=(), **how):
        """The same request to every server; only the tags in `If-None-Match` are each server's own."""
        headers = {"Host": host, **(extra or {})}

        def resource(server, path):
            own = dict(headers)
            if status == 304:
                own["If-None-Match"] = ask(server, path, headers).headers["ETag"]
            return Resource(path, own, files[file] if body is None else body, status, ranges)
        ours = secure_loggia if how.get("secure") else loggia
        pairs = {"loggia": (ours, resource(ours, path))}
        pairs.update((which, (peer, resource(peer, f"/{file}"))) for which, peer in peers.items())
        return Case(name, goal, pairs, **how)

    # Over TLS the page names itself by another scheme.
    secure_page = ask(secure_loggia, "/page/", {"Host": secure_loggia.host}, secure=True).body
    (site / "secure.html").write_bytes(secure_page)
    files = {**files, "page.html": page, "secure.html": secure_page}
    gzip = {"Accept-Encoding": "gzip"}
    coded = {}
    for file, path, host in (("page.html", "/page/", main), ("report.html", "/report", opened)):
        coded[file] = ask(loggia, path, {"Host": host, **gzip}).body
        (site / f"{file}.gz").write_bytes(coded[file])
    starts = [number * (LARGE // 64) + 4096 * number for number in range(63)]
    ranges = [(start, start + PART - 1) for start in starts]
    first = files["large.bin"][:PART]
    return [
        same("guide page, 10 KB", 1.3, "/page/", main, "page.html"),
        same("app page, 10 KB, public", 1.3, "/report", opened, "report.html"),
        same("app file, 10 KB, signed in", 1.0, "/data.csv", shut, "data.csv", {"Cookie": cookie}),
        same("guide page, gzip", 1.3, "/page/", main, "page.html", gzip, coded["page.html"]),
        same("app page, gzip, public", 1.3, "/report", opened, "report.html", gzip, coded["report.html"]),
        same("guide page, 304", 1.3, "/page/", main, "page.html", body=b"", status=304),
        same("app page, 304, public", 1.3, "/report", opened, "report.html", body=b"", status=304),
        same("64 KB range of 64 MB", 1.0, "/large.bin", opened, "large.bin", body=first, status=206, ranges=ranges),
        same("1 MB file", 0.9, "/one.bin", opened, "one.bin"),
        same("guide page, HTTP/2, TLS", 1.0, "/page/", secure_loggia.host, "secure.html", secure=True),
        same(f"guide page, {STEADY:,} a second", 1.0, "/page/", main, "page.html", rate=STEADY),
    ]


def write_content(content):
    content.mkdir()
    (content / "index.md").write_text("# Benchmark\n\nThe start page.\n")
    (content / "page.md").write_text(guide(SIZE // 2))


def guide(size):
    """Markdown of about `size` bytes."""
    paragraph = "A paragraph of *plain* guidance with a [link](/) and `code`, neither short nor long.\n\n"
    sections = (f"## Section {n}\n\n{paragraph * 3}" for n in range(size // (3 * len(paragraph)) + 1))
    return "# A page\n\n" + "".join(sections)[:size].rsplit("\n\n", 1)[0] + "\n"


def rows(size):
    return b"".join(b"%06d,a row of the table,%d\n" % (n, n * n) for n in range(size))[:size]


def sized_page(browser, host, content):
    """The page as it is served, its Markdown changed until it is about 10 KB."""
    markdown = SIZE // 2
    for _ in range(6):
        page = browser.get_steady(host, "/page/")
        if abs(len(page) - SIZE) < SIZE // 50 or markdown <= 200:
            break
        markdown = max(200, markdown + (SIZE - len(page)) * 2 // 3)
        (pathlib.Path(content) / "page.md").write_text(guide(markdown))
        browser.wait_for_change(host, "/page/", page)
    return page
