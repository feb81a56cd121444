"""What VTube Studio's API accepts and refuses, without its server."""

from __future__ import annotations

import json
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from fake_vts_world import FakeHotkey, FakeModel, Injection, Refusal, World

__all__ = ["API", "Rules", "Session"]

API = "VTubeStudioPublicAPI"
EVENTS = (
    "TestEvent", "ModelLoadedEvent", "TrackingStatusChangedEvent", "BackgroundChangedEvent",
    "ModelConfigChangedEvent", "ModelMovedEvent", "ModelOutlineEvent", "HotkeyTriggeredEvent",
)  # fmt: skip


class Session:
    """One connection."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.plugin = ""
        self.revoked = False
        self.events: set[str] = set()


class Rules(ABC):
    """Answers requests; raises Refusal."""

    def __init__(self, *, world: World | None, model: FakeModel | None) -> None:
        self.world = world or World()
        self.model = model
        self.api_on = True
        self.cooldown_s = 0.083
        self.queue_full = False
        self.others: dict[str, str] = {}
        """Input -> another plugin that sets it."""
        self.fail: dict[str, tuple[int, str]] = {}
        """messageType -> an error for the next such request."""
        self.injections: list[Injection] = []
        self.triggered: list[str] = []
        self.active: set[str] = set()
        self.started_s = 0.0
        self._pressed_s: dict[str, float] = {}

    @abstractmethod
    def _announce(self, event: str, data: dict[str, Any]) -> None:
        """To every session that has subscribed."""

    def _opened(self, text: str | bytes, request_id: str) -> tuple[str, str, dict[str, Any]]:
        try:
            tree = json.loads(text, parse_constant=_no_constant)
        except ValueError:
            raise Refusal(2, "JSON invalid") from None
        if not isinstance(tree, dict):
            raise Refusal(2, "JSON invalid")
        given = tree.get("requestID")
        if given is not None:
            if not (isinstance(given, str) and 0 < len(given) <= 64 and given.isascii()):
                raise Refusal(5, "requestID invalid")
            request_id = given
        if tree.get("apiName") != API:
            raise Refusal(3, "apiName invalid")
        if tree.get("apiVersion") != "1.0":
            raise Refusal(4, "apiVersion invalid")
        kind = tree.get("messageType")
        if not isinstance(kind, str) or not kind:
            raise Refusal(6, "messageType missing")
        data = tree.get("data")
        return request_id, kind, data if isinstance(data, dict) else {}

    def _handled(self, session: Session, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        handlers: dict[str, Callable[[Session, dict[str, Any]], dict[str, Any]]] = {
            "APIStateRequest": self._state,
            "AuthenticationRequest": self._authenticate,
            "StatisticsRequest": self._statistics,
            "InputParameterListRequest": self._inputs,
            "ParameterCreationRequest": self._create,
            "InjectParameterDataRequest": self._inject,
            "HotkeysInCurrentModelRequest": self._hotkeys,
            "HotkeyTriggerRequest": self._trigger,
            "ExpressionStateRequest": self._expressions,
            "ExpressionActivationRequest": self._activate,
            "EventSubscriptionRequest": self._subscribe,
        }
        if kind not in handlers:
            raise Refusal(7, f"unknown request {kind}")
        if not self.api_on and kind != "APIStateRequest":
            raise Refusal(1, "API access is deactivated")
        if kind not in ("APIStateRequest", "AuthenticationRequest"):
            if session.revoked:
                raise Refusal(50, "User has denied API access for your plugin.")
            if not session.plugin:
                raise Refusal(8, "not authenticated")
        if kind in self.fail:
            raise Refusal(*self.fail.pop(kind))
        return handlers[kind](session, data)

    def _state(self, session: Session, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "active": self.api_on,
            "vTubeStudioVersion": "1.28.0",
            "currentSessionAuthenticated": bool(session.plugin),
        }

    def _authenticate(self, session: Session, data: dict[str, Any]) -> dict[str, Any]:
        for number, key in (
            (100, "authenticationToken"),
            (101, "pluginName"),
            (102, "pluginDeveloper"),
        ):
            if not isinstance(data.get(key), str) or not data[key]:
                raise Refusal(number, f"{key} missing")
        owner = f"{data['pluginName']}|{data['pluginDeveloper']}"
        valid = self.world.tokens.get(data["authenticationToken"]) == owner
        if valid:
            session.plugin, session.revoked = data["pluginName"], False
        reason = "Token valid." if valid else "Token invalid or revoked."
        return {"authenticated": valid, "reason": reason}

    def _statistics(self, _: Session, __: dict[str, Any]) -> dict[str, Any]:
        return {
            "uptime": int((time.monotonic() - self.started_s) * 1000), "framerate": 60,
            "vTubeStudioVersion": "1.28.0", "allowedPlugins": 1, "connectedPlugins": 1,
            "startedWithSteam": False, "windowWidth": 1280, "windowHeight": 720,
            "windowIsFullscreen": False,
        }  # fmt: skip

    def _inputs(self, _: Session, __: dict[str, Any]) -> dict[str, Any]:
        rows = [
            {"name": n, "addedBy": "VTube Studio", "value": 0.0, "min": 0.0, "max": 1.0,
             "defaultValue": 0.0}
            for n in self.world.defaults
        ]  # fmt: skip
        return {
            **self._model(),
            "customParameters": list(self.world.customs.values()),
            "defaultParameters": rows,
        }

    def _create(self, session: Session, data: dict[str, Any]) -> dict[str, Any]:
        name, customs = data.get("parameterName"), self.world.customs
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9]{4,32}", name):
            raise Refusal(350, "name invalid")
        numbers = [data.get(key) for key in ("min", "max", "defaultValue")]
        if not all(_number(n) and abs(n) <= 1e6 for n in numbers):  # type: ignore[arg-type]
            raise Refusal(351, "values invalid")
        if len(data.get("explanation", "")) >= 256:
            raise Refusal(353, "explanation too long")
        if name in self.world.defaults:
            raise Refusal(354, "default parameter")
        if name in customs and customs[name]["addedBy"] != session.plugin:
            raise Refusal(352, f"already created by {customs[name]['addedBy']}")
        own = sum(row["addedBy"] == session.plugin for row in customs.values())
        if name not in customs and own >= 100:
            raise Refusal(355, "limit per plugin")
        if name not in customs and len(customs) >= 300:
            raise Refusal(356, "limit in total")
        low, high, rest = numbers
        customs[name] = {
            "name": name, "addedBy": session.plugin, "value": rest, "min": low, "max": high,
            "defaultValue": rest,
        }  # fmt: skip
        return {"parameterName": name}

    def _inject(self, _: Session, data: dict[str, Any]) -> dict[str, Any]:
        rows, mode = data.get("parameterValues"), data.get("mode", "set")
        if not isinstance(rows, list) or not rows:
            raise Refusal(450, "no data")
        if mode not in ("set", "add"):
            raise Refusal(455, "mode unknown")
        values = {}
        for row in rows:
            name, value, weight = row.get("id"), row.get("value"), row.get("weight", 1.0)
            if not _number(value) or abs(value) > 1e6:
                raise Refusal(451, f"value of {name} invalid")
            if not _number(weight) or not 0 <= weight <= 1:
                raise Refusal(452, f"weight of {name} invalid")
            if name not in self.world.defaults and name not in self.world.customs:
                raise Refusal(453, f"Parameter {name} not found. Did you create it yet?")
            if mode == "set" and name in self.others:
                raise Refusal(
                    454, f"Parameter {name} is controlled by other plugin {self.others[name]}"
                )
            values[name] = (float(value), float(weight))
        found = data.get("faceFound", False) is True
        self.injections.append(Injection(time.monotonic(), found, mode, values))
        return {}

    def _hotkeys(self, _: Session, __: dict[str, Any]) -> dict[str, Any]:
        rows = [
            {"name": k.name, "type": k.action, "description": "", "file": k.file,
             "hotkeyID": k.hotkey_id, "keyCombination": [], "onScreenButtonID": -1}
            for k in (self.model.hotkeys if self.model else ())
        ]  # fmt: skip
        return {**self._model(), "availableHotkeys": rows}

    def _trigger(self, _: Session, data: dict[str, Any]) -> dict[str, Any]:
        if self.model is None:
            raise Refusal(201, "no model loaded")
        key = self._hotkey(str(data.get("hotkeyID", "")))
        if self.queue_full:
            raise Refusal(200, "queue full")
        now_s = time.monotonic()
        if now_s - self._pressed_s.get(key.hotkey_id, -1e9) < self.cooldown_s:
            raise Refusal(203, "cooldown not over")
        self._pressed_s[key.hotkey_id] = now_s
        self.triggered.append(key.name)
        self._run(key)
        self._announce("HotkeyTriggeredEvent", self._told(key, by_api=True))
        return {"hotkeyID": key.hotkey_id}

    def _expressions(self, _: Session, data: dict[str, Any]) -> dict[str, Any]:
        file = data.get("expressionFile", "")
        self._checked(file, 600) if file else None
        rows = [
            {"name": f.removesuffix(".exp3.json"), "file": f, "active": f in self.active,
             "deactivateWhenKeyIsLetGo": False, "autoDeactivateAfterSeconds": False,
             "secondsRemaining": 0, "usedInHotkeys": [], "parameters": []}
            for f in (self.model.expressions if self.model else ())
            if file in ("", f)
        ]  # fmt: skip
        return {**self._model(), "expressions": rows}

    def _activate(self, _: Session, data: dict[str, Any]) -> dict[str, Any]:
        if self.model is None:
            raise Refusal(652, "no model loaded")
        file = data.get("expressionFile", "")
        self._checked(file, 650)
        if data.get("active") is True:
            self.active.add(file)
        else:
            self.active.discard(file)
        return {}

    def _checked(self, file: str, base: int) -> None:
        if not file.endswith(".exp3.json"):
            raise Refusal(base, "filename invalid")
        if self.model is None or file not in self.model.expressions:
            raise Refusal(base + 1, "file not found")

    def _subscribe(self, session: Session, data: dict[str, Any]) -> dict[str, Any]:
        name = data.get("eventName", "")
        if name not in EVENTS:
            raise Refusal(950, f"unknown event {name}")
        (session.events.add if data.get("subscribe") is True else session.events.discard)(name)
        names = sorted(session.events)
        return {"subscribedEventCount": len(names), "subscribedEvents": names}

    def _model(self) -> dict[str, Any]:
        model = self.model
        return {
            "modelLoaded": model is not None,
            "modelName": model.name if model else "",
            "modelID": "0" * 32 if model else "",
        }

    def _hotkey(self, wanted: str) -> FakeHotkey:
        keys: Iterable[FakeHotkey] = self.model.hotkeys if self.model else ()
        for key in keys:
            if wanted == key.hotkey_id or (wanted and wanted.lower() == key.name.lower()):
                return key
        raise Refusal(202, f"Hotkey {wanted} not found")

    def _run(self, key: FakeHotkey) -> None:
        if key.action == "ToggleExpression":
            self.active ^= {key.file}

    def _told(self, key: FakeHotkey, *, by_api: bool) -> dict[str, Any]:
        return {
            "hotkeyID": key.hotkey_id, "hotkeyName": key.name, "hotkeyAction": key.action,
            "hotkeyFile": key.file, "hotkeyTriggeredByAPI": by_api, "modelID": "0" * 32,
            "modelName": "", "isLive2DItem": False,
        }  # fmt: skip


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _no_constant(name: str) -> float:
    raise ValueError(name)
