"""The file that OBS may open before vtdrive is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import platformdirs

from vtdrive.kept_token import write_private

__all__ = ["waiting_page", "waiting_page_path"]

_TEXT: Final = """\
<!doctype html>
<!-- Made by vtdrive at each start. A browser that finds no server at an address gives up; this file
     is always there, waits for vtdrive, and then goes to its page. It holds the page's token. -->
<meta charset="utf-8">
<title>vtdrive avatar</title>
<style>body { background: transparent; }</style>
<script>
const base = BASE, token = TOKEN;
async function look() {
  try {
    await fetch(`${base}/favicon.ico`, { mode: "no-cors", cache: "no-store" });
    location.replace(`${base}/?token=${token}`);
  } catch {
    setTimeout(look, 1500);
  }
}
look();
</script>
"""


def waiting_page_path(port: int) -> Path:
    """Where the file for the page at `port` lies."""
    return platformdirs.user_config_path("vtdrive") / f"avatar-page-{port}.html"


def waiting_page(base: str, token: str, port: int) -> Path:
    """Write the file for the page at `base` (`http://127.0.0.1:8770`). Raises OSError."""
    path = waiting_page_path(port)
    text = _TEXT.replace("BASE", json.dumps(base)).replace("TOKEN", json.dumps(token))
    write_private(path, text)
    return path
