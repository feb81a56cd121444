"""Commands from a web page, in a real browser: the page that is allowed, and all others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser, until

from vtdrive.control.desk import Desk
from vtdrive.control.http import HttpListener
from vtdrive.control.token import load_token

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here: apt-get install chromium"),
]

_PAGE = """<!doctype html><title>deck</title><p id="said">waiting</p><script>
fetch("http://127.0.0.1:%d/command/panic/on", {
  method: "POST", headers: { Authorization: "Bearer %s" },
}).then((answer) => answer.json())
  .then((told) => { document.getElementById("said").textContent = "told: " + told.said; })
  .catch((fault) => { document.getElementById("said").textContent = "fault: " + fault; });
</script>"""


@pytest.fixture
def page() -> Iterator[tuple[str, list[str]]]:
    """The origin of a web server, and the page that it serves: the list's last entry."""
    pages: list[str] = []

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages[-1].encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", pages
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("allowed", [True, False])
def test_only_an_allowed_page_gives_commands(
    page: tuple[str, list[str]], tmp_path: Path, allowed: bool
) -> None:
    origin, pages = page
    done: list[str] = []

    def do(text: str) -> str:
        done.append(text)
        return text

    file = tmp_path / "control-token"
    origins = [origin] if allowed else ["https://deck.example"]
    told = list[str]()
    desk = Desk(do)
    listener = HttpListener("127.0.0.1", 0, desk, told.append, origins=origins, token_file=file)
    listener.open()
    # Even a page that knows the token.
    pages.append(_PAGE % (listener.port, load_token(file)))
    browser = Browser(origin, tmp_path / "profile")
    try:
        shown = ""

        def answered() -> bool:
            nonlocal shown
            shown = browser.html()
            return ">told: " in shown or ">fault: " in shown

        until(answered)
    finally:
        browser.close()
        listener.close()
        desk.close()
    if allowed:
        assert ">told: panic on<" in shown
        assert done == ["panic on"]
    else:
        assert ">fault: " in shown
        assert done == []
