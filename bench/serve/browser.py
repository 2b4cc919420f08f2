"""As much of a browser as signing in takes: it keeps cookies, follows redirects between hosts and fills in one form.

Every host is on loopback: `localhost:PORT` and `NAME.localhost:PORT` are reached at 127.0.0.1.
"""

import html.parser
import http.client
import time
import urllib.parse

from servers import Failure


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Browser:
    def __init__(self, port):
        self.port = port
        self.jar = {}

    def cookies(self, host):
        """The cookies for `host`, as a request sends them."""
        return "; ".join(f"{name}={value}" for name, value in self.jar.get(host, {}).items())

    def get(self, host, path, headers=()):
        return self.ask("GET", host, path, dict(headers))

    def ask(self, method, host, path, headers, body=None):
        headers = {"Host": host, **headers}
        if self.cookies(host):
            headers.setdefault("Cookie", self.cookies(host))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or []:
            self.keep(host, line)
        return answer

    def keep(self, host, line):
        """Keeps one Set-Cookie; `Max-Age=0` takes the cookie away."""
        pair, *attributes = [part.strip() for part in line.split(";")]
        name, _, value = pair.partition("=")
        if any(attribute.lower() == "max-age=0" for attribute in attributes):
            self.jar.get(host, {}).pop(name, None)
        else:
            self.jar.setdefault(host, {})[name] = value

    def visit(self, host, path, email):
        """Opens an address as `email`, signing in on the way; answers what is there in the end."""
        wanted = f"http://{host}{path}"
        url, method, body, came_from = wanted, "GET", None, None
        for _ in range(20):
            parts = urllib.parse.urlsplit(url)
            headers = {"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
            if method == "POST":
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                headers["Origin"] = came_from
                same = came_from == f"{parts.scheme}://{parts.netloc}"
                headers["Sec-Fetch-Site"] = "same-origin" if same else "same-site"
            target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
            answer = self.ask(method, parts.netloc, target, headers, body)
            if answer.status in (301, 302, 303, 307, 308):
                if answer.status in (301, 302, 303):
                    method, body = "GET", None
                came_from = f"{parts.scheme}://{parts.netloc}"
                url = urllib.parse.urljoin(url, answer.headers["Location"])
                continue
            if answer.status == 200 and url == wanted:
                return answer
            form = form_for_email(answer)
            if not form:
                shown = answer.body[:1000].decode("utf-8", "replace")
                raise Failure(f"signing in stopped at {url}, which answered {answer.status}:\n{shown}")
            came_from = f"{parts.scheme}://{parts.netloc}"
            url, method = urllib.parse.urljoin(url, form.action), "POST"
            body = urllib.parse.urlencode({**form.fields, "email": email})
        raise Failure(f"signing in went in circles; the last address was {url}")

    def get_steady(self, host, path):
        """The body once it is a page and the same twice: a server may still be reading its content."""
        deadline, before = time.monotonic() + 30, None
        while time.monotonic() < deadline:
            answer = self.get(host, path)
            if answer.status == 200 and answer.body == before:
                return answer.body
            before = answer.body
            time.sleep(0.2)
        raise Failure(f"http://{host}{path} answers {answer.status} or something else each time")

    def wait_for_change(self, host, path, before):
        deadline = time.monotonic() + 30
        while self.get(host, path).body == before:
            if time.monotonic() > deadline:
                raise Failure(f"an edit of the guide does not show at http://{host}{path}")
            time.sleep(0.1)


class Form:
    def __init__(self, action):
        self.action, self.fields = action, {}


class Forms(html.parser.HTMLParser):
    """The forms of a page that are posted, with the values of their fields."""

    def __init__(self):
        super().__init__()
        self.posted, self.form = [], None

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form" and (attributes.get("method") or "get").lower() == "post":
            self.form = Form(attributes.get("action") or "")
            self.posted.append(self.form)
        elif tag == "input" and self.form and attributes.get("name"):
            self.form.fields[attributes["name"]] = attributes.get("value") or ""

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None


def form_for_email(answer):
    """The form of the page that asks for an address, if there is one."""
    forms = Forms()
    forms.feed(answer.body.decode("utf-8", "replace"))
    return next((form for form in forms.posted if "email" in form.fields), None)
