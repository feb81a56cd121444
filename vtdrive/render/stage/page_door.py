"""Who may see the avatar's page, and what they asked for. Pure."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal, cast

from vtdrive.http_request import BadRequest, Request
from vtdrive.listening import names_listener
from vtdrive.render.pictures import Colour, colour_of

__all__ = ["GREEN", "Wish", "admit"]

GREEN: Final[Colour] = (0, 255, 0)
Place = Literal["", "stream", "mjpeg", "still.png"]
_OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "": ("token",),
    "stream": ("token",),
    "mjpeg": ("token", "background"),
    "still.png": ("token",),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What one client asked for."""

    place: Place
    """The page (empty), its stream, the feed for media sources, or one picture."""
    background: Colour = GREEN
    """What the feed's pictures are flattened onto."""


def admit(request: Request, *, token: str, host: str) -> Wish:
    """What the client wants of the server that listens on `host`; raises BadRequest.

    Browsers always say by `Origin` which page opens a stream, and a page cannot choose it: only our
    own may. Programs send none. All need the token.
    """
    if request.method != "GET":
        raise BadRequest(HTTPStatus.METHOD_NOT_ALLOWED, "use GET here")
    named = request.headers.get("host", "")
    if not names_listener(named, host):
        raise BadRequest(
            HTTPStatus.FORBIDDEN,
            "the Host of the request is not this server",
            "write the address with a number, as http://127.0.0.1:8770",
        )
    place = "/".join(request.path)
    if place not in _OPTIONS:
        raise BadRequest(
            HTTPStatus.NOT_FOUND,
            "there is nothing at this address",
            "there are: /, /mjpeg, /still.png and, for the page, /stream",
        )
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() != f"http://{named}".lower():
        raise BadRequest(
            HTTPStatus.FORBIDDEN,
            f"pages from {origin[:100]!r} may not see the avatar",
            "open this server's own page, by its address",
        )
    # In constant time: a clock must not tell how much of a guess is right.
    if not hmac.compare_digest(request.query.get("token", "").encode(), token.encode()):
        raise BadRequest(
            HTTPStatus.FORBIDDEN,
            "the token is missing or wrong",
            "copy the whole address that vtdrive prints, with ?token=…",
        )
    for key in request.query:
        if key not in _OPTIONS[place]:
            raise BadRequest(
                HTTPStatus.BAD_REQUEST,
                f"no option {key[:40]!r} here",
                f"there are: {', '.join(_OPTIONS[place])}",
            )
    return Wish(cast("Place", place), _colour(request.query.get("background", "")))


def _colour(text: str) -> Colour:
    if not text:
        return GREEN
    colour = colour_of(f"#{text.removeprefix('#')}")
    if colour is None:
        raise BadRequest(
            HTTPStatus.BAD_REQUEST,
            f"background={text[:40]!r} is no colour",
            "write it as background=00ff00",
        )
    return colour
