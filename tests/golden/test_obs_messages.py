"""What is said to OBS, letter by letter, and the vector of its authentication."""

from __future__ import annotations

import json

from vtdrive.config.sinks.obs import ObsAction
from vtdrive.wire import obs
from vtdrive.wire.obs_steps import steps_of

HELLO = (
    '{"d":{"authentication":{"challenge":"+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY=",'
    '"salt":"lM1GncleQOaCu9lT1yeUZhFYnqhsLLP1G5lAGo3ixaI="},"obsStudioVersion":"30.2.0",'
    '"obsWebSocketVersion":"5.5.0","rpcVersion":1},"op":0}'
)


def test_identify_with_a_password() -> None:
    hello = obs.parse(HELLO)
    assert isinstance(hello, obs.Hello)
    # The same by hand, so that a slip in the code does not vouch for itself:
    # printf %s 'supersecretpasswordlM1GncleQOaCu9lT1yeUZhFYnqhsLLP1G5lAGo3ixaI=' |
    #   openssl dgst -sha256 -binary | base64, then the same with the challenge behind it.
    assert obs.identify(hello, "supersecretpassword") == (
        '{"op": 1, "d": {"rpcVersion": 1, "eventSubscriptions": 0,'
        ' "authentication": "1Ct943GAT+6YQUUX47Ia/ncufilbe6+oD6lY+5kaCu4="}}'
    )


def test_identify_without_one() -> None:
    hello = obs.parse('{"op": 0, "d": {"rpcVersion": 1, "obsWebSocketVersion": "5.1.0"}}')
    assert isinstance(hello, obs.Hello)
    assert obs.identify(hello, "unused") == (
        '{"op": 1, "d": {"rpcVersion": 1, "eventSubscriptions": 0}}'
    )


def test_every_request_of_a_rule() -> None:
    action = ObsAction.model_validate(
        {
            "scene": "Laughing",
            "show": ["Hearts"],
            "hide": ["Rain"],
            "filters": [
                {"source": "Cam", "name": "Glow", "enabled": True, "settings": {"opacity": 0.5}}
            ],
            "text": {"Mood": "ä {curly"},
            "hotkey": "OBSBasic.Transition",
            "keys": "ctrl+shift+f5",
            "record": "start",
            "save_replay": True,
            "chapter": "laugh",
        }
    )
    sent = [
        obs.request(s.request, s.data, request_id=str(i)) for i, s in enumerate(steps_of(action))
    ]
    assert [json.loads(text)["d"] for text in sent] == [
        {
            "requestType": "SetCurrentProgramScene",
            "requestId": "0",
            "requestData": {"sceneName": "Laughing"},
        },
        {
            "requestType": "SetSceneItemEnabled",
            "requestId": "1",
            "requestData": {
                "sceneName": "Laughing",
                "sourceName": "Hearts",
                "sceneItemEnabled": True,
            },
        },
        {
            "requestType": "SetSceneItemEnabled",
            "requestId": "2",
            "requestData": {
                "sceneName": "Laughing",
                "sourceName": "Rain",
                "sceneItemEnabled": False,
            },
        },
        {
            "requestType": "SetSourceFilterSettings",
            "requestId": "3",
            "requestData": {
                "sourceName": "Cam",
                "filterName": "Glow",
                "filterSettings": {"opacity": 0.5},
                "overlay": True,
            },
        },
        {
            "requestType": "SetSourceFilterEnabled",
            "requestId": "4",
            "requestData": {"sourceName": "Cam", "filterName": "Glow", "filterEnabled": True},
        },
        {
            "requestType": "SetInputSettings",
            "requestId": "5",
            "requestData": {
                "inputName": "Mood",
                "inputSettings": {"text": "ä {curly"},
                "overlay": True,
            },
        },
        {
            "requestType": "TriggerHotkeyByName",
            "requestId": "6",
            "requestData": {"hotkeyName": "OBSBasic.Transition"},
        },
        {
            "requestType": "TriggerHotkeyByKeySequence",
            "requestId": "7",
            "requestData": {
                "keyId": "OBS_KEY_F5",
                "keyModifiers": {"control": True, "shift": True},
            },
        },
        {"requestType": "StartRecord", "requestId": "8"},
        {"requestType": "SaveReplayBuffer", "requestId": "9"},
        {
            "requestType": "CreateRecordChapter",
            "requestId": "10",
            "requestData": {"chapterName": "laugh"},
        },
    ]
    assert sent[0] == (
        '{"op": 6, "d": {"requestType": "SetCurrentProgramScene", "requestId": "0",'
        ' "requestData": {"sceneName": "Laughing"}}}'
    )
