"""The avatar over HTTP: a transparent page, a feed for media sources, single pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import platformdirs

from vtdrive.config.sinks import PageSink
from vtdrive.errors import SinkError
from vtdrive.kept_token import kept_token
from vtdrive.listening import endpoint, is_everywhere, who_can_reach
from vtdrive.render.stage.output import Picture
from vtdrive.render.stage.page_file import waiting_page
from vtdrive.render.stage.page_picture import flat_jpeg, stacked, still_png
from vtdrive.render.stage.page_server import PageServer
from vtdrive.sink_stats import SinkStats

__all__ = ["Page", "page_token_path"]

_EARLY: Final = 0.25
"""A picture that comes this share of a period too early is on time: clocks jitter."""


def page_token_path() -> Path:
    """Where the secret lies that is part of the page's address."""
    return platformdirs.user_config_path("vtdrive") / "page-token"


class Page:
    """Serves pictures to whoever knows the address. Nothing is encoded while nobody watches."""

    def __init__(self, table: PageSink) -> None:
        self.name = f"page {endpoint(table.host, table.port)}"
        self.stats = SinkStats()
        self._table = table
        self._server: PageServer | None = None
        self._newest: Picture | None = None
        self._period_ns = 0
        self._due_ns: int | None = None

    def open(self, width: int, height: int, fps: float) -> None:
        """Start listening for clients; raises SinkError."""
        table = self._table
        token = self._token()
        self._newest, self._due_ns = None, None
        rate = min(filter(None, (table.fps, fps)), default=0.0)
        self._period_ns = round(1e9 / rate) if rate else 0
        self._server = PageServer(
            self.name,
            host=table.host,
            port=table.port,
            token=token,
            most=table.max_clients,
            still=self._still,
            stats=self.stats,
        )
        self._server.open()
        self.stats.connected = False
        self.stats.note = self._invitation(token, f"{width}x{height}")

    def show(self, picture: Picture) -> None:
        """Hand it to the clients, in each form that is watched. Raises SinkError."""
        server = self._server
        if server is None:
            raise SinkError(f"{self.name}: not open", "open it first")
        self._newest = picture
        if not self._due(picture.painted_ns):
            return
        self.stats.frames += 1
        quality = self._table.quality
        made = {
            form: stacked(picture.rgba, picture.seq, quality=quality)
            if form is None
            else flat_jpeg(picture.rgba, form, quality=quality)
            for form in server.wanted
        }
        if made:
            server.publish(made)

    def close(self) -> None:
        """Tell the clients that it is over: pages show nothing, and wait."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self._newest = None
        self.stats.connected = False

    def _due(self, t_ns: int) -> bool:
        """Whether a picture that was ready at `t_ns` is wanted; asked once for each."""
        period_ns = self._period_ns
        if self._due_ns is None or t_ns - self._due_ns >= period_ns:
            self._due_ns = t_ns
        if t_ns < self._due_ns - period_ns * _EARLY:
            return False
        self._due_ns += period_ns
        return True

    def _still(self) -> bytes:
        picture = self._newest
        return still_png(picture.rgba) if picture is not None else b""

    def _token(self) -> str:
        path = page_token_path()
        try:
            return kept_token(path)
        except OSError as fault:
            raise SinkError(
                f"{self.name}: the token {path} cannot be read or written:"
                f" {(fault.strerror or str(fault)).lower()}",
                "mend the folder's permissions",
            ) from fault

    def _invitation(self, token: str, size: str) -> str:
        host, port = self._table.host, self._table.port
        base = f"http://{endpoint('127.0.0.1' if is_everywhere(host) else host, port)}"
        try:
            file = waiting_page(base, token, port)
            waits = f", or with the local file {file}, which waits for vtdrive"
        except OSError:  # without it all works, once vtdrive is there first
            waits = ""
        said = (
            f"in OBS, add a browser source of {size} with the URL {base}/?token={token}{waits}"
            f" (a media source: {base}/mjpeg?token={token})"
        )
        reach = who_can_reach(host, port)
        return f"{said}; {reach}: whoever has that URL sees your avatar" if reach else said
