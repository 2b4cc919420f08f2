"""Signing in, against a small site that behaves as Loggia does. Run: python3 -m unittest discover bench/serve -p '*_test.py'"""

import http.server
import pathlib
import sys
import threading
import unittest
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from browser import Browser  # noqa: E402
from servers import Failure  # noqa: E402


class Site(http.server.BaseHTTPRequestHandler):
    """An app that sends to the main host, a form there, and a hand-off back."""

    def do_GET(self):
        host, port = self.headers["Host"].split(":")
        cookies = self.headers.get("Cookie", "")
        if host == "bench.localhost":
            if self.path.startswith("/-/enter?code=1"):
                return self.answer(303, Location="/data.csv", cookie="__Host-app=ann; Path=/; Secure; HttpOnly")
            if "__Host-app=ann" in cookies:
                return self.answer(200, "the file")
            return self.answer(303, Location=f"http://localhost:{port}/-/enter", cookie="nonce=n; Secure")
        if "main=ann" in cookies and "nonce" not in cookies:
            return self.answer(303, Location=f"http://bench.localhost:{port}/-/enter?code=1")
        self.answer(200, '<form><input name="q"></form>'
                    '<form method="post" action="as?x=1"><input type="hidden" name="state" value="a&amp;b">'
                    '<input name="email" value=""></form>')

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        fields = urllib.parse.parse_qs(self.rfile.read(length).decode())
        own = self.headers["Origin"] == f"http://{self.headers['Host']}"
        if self.path == "/-/as?x=1" and fields == {"state": ["a&b"], "email": ["ann@example.org"]} and own:
            return self.answer(303, Location="/-/enter", cookie="main=ann; Secure")
        self.answer(400, "that is not the form")

    def answer(self, status, body="", cookie=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


class SigningIn(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def test_redirects_and_the_form_lead_to_the_file(self):
        browser, host = Browser(self.port), f"bench.localhost:{self.port}"
        self.assertEqual(browser.visit(host, "/data.csv", "ann@example.org").body, b"the file")
        self.assertEqual(browser.cookies(host), "nonce=n; __Host-app=ann")

    def test_a_refused_form_says_where_it_stopped(self):
        with self.assertRaisesRegex(Failure, "answered 400"):
            Browser(self.port).visit(f"bench.localhost:{self.port}", "/data.csv", "eve@example.org")


if __name__ == "__main__":
    unittest.main()
