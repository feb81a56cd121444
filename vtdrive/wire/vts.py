"""VTube Studio's plugin API: each request as JSON text, and any message as a `Message`. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = [
    "API_NAME",
    "API_VERSION",
    "DEVELOPER",
    "MAX_CHARS",
    "PLUGIN",
    "Call",
    "Message",
    "activate_expression",
    "authenticate",
    "create_parameter",
    "expression_states",
    "list_hotkeys",
    "list_parameters",
    "parse",
    "request_text",
    "request_token",
    "statistics",
    "subscribe",
    "trigger_hotkey",
]

API_NAME: Final = "VTubeStudioPublicAPI"
API_VERSION: Final = "1.0"
PLUGIN: Final = "vtdrive"
DEVELOPER: Final = "vtdrive"
"""A token holds for this pair only: changing either asks every user again."""
MAX_CHARS: Final = 4 << 20
"""Longer messages are not read."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, without its id."""

    kind: str
    """`messageType`, ending in Request."""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reply(self) -> str:
        """`messageType` of what answers it, unless that is an error."""
        return f"{self.kind.removesuffix('Request')}Response"


@dataclass(frozen=True, slots=True)
class Message:
    """Anything that VTube Studio sends."""

    kind: str
    request_id: str
    data: Mapping[str, Any]

    @property
    def is_event(self) -> bool:
        """Events bear a request id too, so only their type tells them from replies."""
        return self.kind.endswith("Event")

    @property
    def is_error(self) -> bool:
        return self.kind == "APIError"

    @property
    def error_id(self) -> int:
        """The number of an error; -1 where it has none."""
        number = self.data.get("errorID")
        return number if isinstance(number, int) and not isinstance(number, bool) else -1

    @property
    def said(self) -> str:
        """VTube Studio's own words about an error or a refusal, on one line and not endless."""
        text = self.data.get("message", self.data.get("reason", ""))
        return " ".join(text.split())[:300] if isinstance(text, str) else ""


def request_text(call: Call, *, request_id: str) -> str:
    """The request on the wire. `request_id` is 1 to 64 ASCII characters."""
    if not (0 < len(request_id) <= 64 and request_id.isascii()):
        raise ValueError(f"the request id {request_id!r} is not 1 to 64 ASCII characters")
    tree = {
        "apiName": API_NAME,
        "apiVersion": API_VERSION,
        "requestID": request_id,
        "messageType": call.kind,
        "data": dict(call.data),
    }
    return json.dumps(tree, separators=(",", ":"), allow_nan=False)


def parse(text: str | bytes) -> Message | None:
    """The message in `text`; None where it is none of this API. Never raises."""
    if len(text) > MAX_CHARS:
        return None
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(tree, dict) or tree.get("apiName") != API_NAME:
        return None
    kind, request_id, data = tree.get("messageType"), tree.get("requestID"), tree.get("data")
    if not isinstance(kind, str) or not 0 < len(kind) <= 100:
        return None
    return Message(
        kind,
        request_id if isinstance(request_id, str) else "",
        data if isinstance(data, dict) else {},
    )


def request_token() -> Call:
    """Makes VTube Studio ask its user; answered when that one has clicked."""
    return Call("AuthenticationTokenRequest", {"pluginName": PLUGIN, "pluginDeveloper": DEVELOPER})


def authenticate(token: str) -> Call:
    """Once in each session."""
    data = {"pluginName": PLUGIN, "pluginDeveloper": DEVELOPER, "authenticationToken": token}
    return Call("AuthenticationRequest", data)


def subscribe(event: str) -> Call:
    return Call("EventSubscriptionRequest", {"eventName": event, "subscribe": True, "config": {}})


def statistics() -> Call:
    """Its reply tells how long VTube Studio has been running."""
    return Call("StatisticsRequest")


def list_parameters() -> Call:
    return Call("InputParameterListRequest")


def create_parameter(name: str, *, explanation: str, low: float, high: float, rest: float) -> Call:
    """A custom parameter; creating one of one's own again only changes its range."""
    data = {
        "parameterName": name,
        "explanation": explanation,
        "min": low,
        "max": high,
        "defaultValue": rest,
    }
    return Call("ParameterCreationRequest", data)


def list_hotkeys() -> Call:
    """Those of the model that is loaded."""
    return Call("HotkeysInCurrentModelRequest")


def trigger_hotkey(hotkey_id: str) -> Call:
    return Call("HotkeyTriggerRequest", {"hotkeyID": hotkey_id})


def expression_states(file: str = "") -> Call:
    """Whether each expression of the model is active, or only that of `file`."""
    named = {"expressionFile": file} if file else {}
    return Call("ExpressionStateRequest", {"details": False, **named})


def activate_expression(file: str, *, active: bool, fade_s: float) -> Call:
    data = {"expressionFile": file, "fadeTime": fade_s, "active": active}
    return Call("ExpressionActivationRequest", data)
