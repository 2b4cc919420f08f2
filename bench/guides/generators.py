"""Loggia and its peers, each told to make the same site and then to keep up with edits."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import corpus
from servers import Failure, free_port

#: How often a page is asked for again while an edit is awaited, in seconds.
PAUSE = 0.002
#: How long anything may take, in seconds.
PATIENCE = 120


class Generator:
    """Makes the guides at `site` into pages."""

    name = ""

    def __init__(self, folder, site, count):
        self.folder, self.site, self.count = pathlib.Path(folder), pathlib.Path(site), count
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepare()

    def prepare(self):
        """Writes what the generator needs beside the guides."""

    def installed(self):
        return shutil.which(self.name) is not None

    def timed(self, command):
        """How long `command` takes, in seconds."""
        begun = time.monotonic()
        done = subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode != 0:
            raise Failure(f"{' '.join(map(str, command))} failed:\n{(done.stdout + done.stderr)[-2000:]}")
        return time.monotonic() - begun

    def file(self, number):
        """Where the generator reads guide `number`."""
        return self.folder / "content" / corpus.file_of(number)

    def copy(self, into, index="index.md"):
        """The guides once more, for a generator that calls a folder's page something else or writes beside them."""
        for number in range(self.count):
            file = self.folder / into / corpus.file_of(number, index)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes((self.site / corpus.file_of(number)).read_bytes())

    def edits(self, how_many):
        """How long the generator's server takes to show each of some edits, in seconds."""
        port = free_port()
        with served(self.server(port), self.folder, port):
            await_text(port, corpus.address(1), corpus.mark(1))
            time.sleep(1)
            return {"to the new page over HTTP": [self.edit(port, at, corpus.address) for at in range(1, how_many + 1)]}

    def edit(self, port, at, address):
        file, word = self.file(at), f"qx{time.monotonic_ns()}xq"
        file.write_text(file.read_text() + f"\nThe edit says {word}.\n")
        begun = time.monotonic()
        await_text(port, address(at), word)
        return time.monotonic() - begun


class Hugo(Generator):
    """Hugo with the smallest layout that shows a page: no menu, no table of contents, no index for search."""

    name = "hugo"

    def prepare(self):
        self.copy("content", "_index.md")
        (self.folder / "hugo.toml").write_text('baseURL = "/"\ntitle = "Bench"\ndisableKinds = ["taxonomy", "term", "rss", "sitemap"]\n')
        layouts = self.folder / "layouts" / "_default"
        layouts.mkdir(parents=True)
        for kind in ("single.html", "list.html"):
            (layouts / kind).write_text("<!doctype html><title>{{ .Title }}</title><main>{{ .Content }}</main>\n")

    def file(self, number):
        return self.folder / "content" / corpus.file_of(number, "_index.md")

    def build(self):
        shutil.rmtree(self.folder / "public", ignore_errors=True)
        return {"everything rendered and written": self.timed(["hugo", "--quiet"])}

    def server(self, port):
        return ["hugo", "server", "--port", str(port), "--disableLiveReload", "--bind", "127.0.0.1"]


class Zensical(Generator):
    """Zensical as it comes, search included."""

    name = "zensical"

    def prepare(self):
        self.copy("docs")
        (self.folder / "zensical.toml").write_text('[project]\nsite_name = "Bench"\nsite_url = "http://localhost/"\n')

    def file(self, number):
        return self.folder / "docs" / corpus.file_of(number)

    def build(self):
        shutil.rmtree(self.folder / "site", ignore_errors=True)
        shutil.rmtree(self.folder / ".cache", ignore_errors=True)
        return {"everything rendered, indexed and written": self.timed(["zensical", "build", "--clean"])}

    def server(self, port):
        return ["zensical", "serve", "--dev-addr", f"127.0.0.1:{port}"]


class MdBook(Generator):
    """mdBook as it comes, search included."""

    name = "mdbook"

    def prepare(self):
        self.copy("src")
        lines = (f"- [Guide {number}]({corpus.file_of(number)})\n" for number in range(self.count))
        (self.folder / "src" / "SUMMARY.md").write_text("# Summary\n\n" + "".join(lines))
        (self.folder / "book.toml").write_text('[book]\ntitle = "Bench"\n')

    def file(self, number):
        return self.folder / "src" / corpus.file_of(number)

    def build(self):
        shutil.rmtree(self.folder / "book", ignore_errors=True)
        return {"everything rendered, indexed and written": self.timed(["mdbook", "build"])}

    def server(self, port):
        return ["mdbook", "serve", "--port", str(port), "--hostname", "127.0.0.1"]

    def edit(self, port, at, _address):
        return super().edit(port, at, lambda number: "/" + corpus.file_of(number).removesuffix(".md") + ".html")


class Loggia(Generator):
    """Loggia as it comes: its pages have the whole frame, its index is for search."""

    name = "loggia"

    def __init__(self, binary, root, folder, site, count):
        self.binary = str(pathlib.Path(binary).resolve()) if binary else built(root)
        self.memory = {}
        super().__init__(folder, site, count)

    def prepare(self):
        self.copy("content")
        for name in [key for key in os.environ if key.startswith("LOGGIA_")]:
            del os.environ[name]

    def build(self):
        figures = {}
        port = free_port()
        begun = time.monotonic()
        with served(self.server(port), self.folder, port) as process:
            await_text(port, corpus.address(self.count - 1), corpus.mark(self.count - 1))
            figures["loaded, first page over HTTP"] = time.monotonic() - begun
            found(port, corpus.mark(self.count - 1))
            figures["loaded and indexed, last page found by search"] = time.monotonic() - begun
            self.memory["most memory, loaded and indexed"] = peak(process)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            for number in range(self.count):
                connection.request("GET", corpus.address(number), headers={"Host": f"localhost:{port}"})
                response = connection.getresponse()
                if corpus.mark(number).encode() not in response.read():
                    raise Failure(f"Loggia answers {response.status} without its text for {corpus.address(number)}")
            figures["and every page asked for, one after the other"] = time.monotonic() - begun
            self.memory["most memory, every page asked for"] = peak(process)
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        figures["everything rendered, indexed and written"] = self.timed(
            [self.binary, "build", "--content", "content", "--out", "out"])
        return figures

    def server(self, port):
        return [self.binary, "serve", "--listen", f"127.0.0.1:{port}", "--ops-listen", f"127.0.0.1:{free_port()}", "--content", "content"]

    def edits(self, how_many):
        figures = {"to the new page over HTTP": [], "to the search that finds it": []}
        port = free_port()
        with served(self.server(port), self.folder, port):
            await_text(port, corpus.address(1), corpus.mark(1))
            time.sleep(1)
            for at in range(1, how_many + 1):
                file, word = self.file(at), f"qx{time.monotonic_ns()}xq"
                file.write_text(file.read_text() + f"\nThe edit says {word}.\n")
                begun = time.monotonic()
                await_text(port, corpus.address(at), word)
                figures["to the new page over HTTP"].append(time.monotonic() - begun)
                found(port, word)
                figures["to the search that finds it"].append(time.monotonic() - begun)
        return figures


def built(root):
    done = subprocess.run(
        ["cargo", "build", "--release", "--message-format=json"], cwd=root, stdout=subprocess.PIPE, text=True, check=True)
    made = (json.loads(line).get("executable") for line in done.stdout.splitlines())
    return next(path for path in made if path)


class served:
    """A server's process, its children with it, for as long as the block lasts."""

    def __init__(self, command, folder, port):
        self.command, self.folder, self.port = command, folder, port

    def __enter__(self):
        self.said = (self.folder / "said.log").open("wb")
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.said, stderr=self.said, start_new_session=True)
        return self.process

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.said.close()


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        return connection.getresponse().read()
    except (ConnectionError, http.client.HTTPException):
        return b""
    finally:
        connection.close()


def await_text(port, path, text):
    until(lambda: text.encode() in get(port, path), f"{text} at {path}")


def found(port, word):
    until(lambda: json.loads(get(port, f"/-/search.json?q={word}&limit=1") or "{}").get("total"), f"{word} in search")


def until(done, what):
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise Failure(f"{what} did not come in {PATIENCE} s")
        time.sleep(PAUSE)


def peak(process):
    """The most memory that the process ever held, in megabytes (VmHWM, proc(5))."""
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0
