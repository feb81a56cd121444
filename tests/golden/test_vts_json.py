"""Every request to VTube Studio, byte for byte, as its manual writes them."""

from __future__ import annotations

import pytest

from vtdrive.wire.vts import (
    Call,
    activate_expression,
    authenticate,
    create_parameter,
    expression_states,
    list_hotkeys,
    list_parameters,
    request_text,
    request_token,
    statistics,
    subscribe,
    trigger_hotkey,
)
from vtdrive.wire.vts_inject import InjectTemplate

HEAD = '{"apiName":"VTubeStudioPublicAPI","apiVersion":"1.0","requestID":"v1","messageType":'

GOLDEN: dict[str, tuple[Call, str]] = {
    "token": (
        request_token(),
        '"AuthenticationTokenRequest","data":{"pluginName":"vtdrive","pluginDeveloper":"vtdrive"}}',
    ),
    "authenticate": (
        authenticate("ab-12"),
        '"AuthenticationRequest","data":{"pluginName":"vtdrive","pluginDeveloper":"vtdrive",'
        '"authenticationToken":"ab-12"}}',
    ),
    "subscribe": (
        subscribe("ModelLoadedEvent"),
        '"EventSubscriptionRequest","data":{"eventName":"ModelLoadedEvent","subscribe":true,'
        '"config":{}}}',
    ),
    "statistics": (statistics(), '"StatisticsRequest","data":{}}'),
    "inputs": (list_parameters(), '"InputParameterListRequest","data":{}}'),
    "create": (
        create_parameter("JawOpen", explanation="Jaw.", low=0.0, high=1.0, rest=0.0),
        '"ParameterCreationRequest","data":{"parameterName":"JawOpen","explanation":"Jaw.",'
        '"min":0.0,"max":1.0,"defaultValue":0.0}}',
    ),
    "hotkeys": (list_hotkeys(), '"HotkeysInCurrentModelRequest","data":{}}'),
    "trigger": (trigger_hotkey("id"), '"HotkeyTriggerRequest","data":{"hotkeyID":"id"}}'),
    "expressions": (expression_states(), '"ExpressionStateRequest","data":{"details":false}}'),
    "expression": (
        expression_states("a.exp3.json"),
        '"ExpressionStateRequest","data":{"details":false,"expressionFile":"a.exp3.json"}}',
    ),
    "activate": (
        activate_expression("ä.exp3.json", active=True, fade_s=0.25),
        '"ExpressionActivationRequest","data":{"expressionFile":"\\u00e4.exp3.json",'
        '"fadeTime":0.25,"active":true}}',
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_requests(name: str) -> None:
    call, rest = GOLDEN[name]
    assert request_text(call, request_id="v1") == HEAD + rest


def test_a_frame() -> None:
    template = InjectTemplate(
        ["FaceAngleX", "JawOpen"], mode="set", rest={"FaceAngleX": 0.0, "JawOpen": 0.0}
    )
    text = template.fill(
        {"FaceAngleX": -12.3456789, "JawOpen": 1 / 3}, weight=1.0, found=True, request_id="v1"
    )
    assert text == (
        HEAD + '"InjectParameterDataRequest","data":{"faceFound":true,"mode":"set",'
        '"parameterValues":[{"id":"FaceAngleX","weight":1,"value":-12.346},'
        '{"id":"JawOpen","weight":1,"value":0.33333}]}}'
    )


def test_a_frame_that_adds() -> None:
    template = InjectTemplate(["EyeOpenLeft"], mode="add", rest={"EyeOpenLeft": 0.75})
    text = template.fill({"EyeOpenLeft": 0.0}, weight=1.0, found=False, request_id="v1")
    assert text == (
        HEAD + '"InjectParameterDataRequest","data":{"faceFound":false,"mode":"add",'
        '"parameterValues":[{"id":"EyeOpenLeft","value":-0.75}]}}'
    )
