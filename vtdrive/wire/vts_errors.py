"""VTube Studio's error numbers as sentences, each with what the user can do about it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

__all__ = [
    "ACCESS_DENIED",
    "ALL_PARAMETERS_FULL",
    "API_OFF",
    "CONTROLLED_BY_OTHER",
    "COOLDOWN",
    "NEEDS_AUTHENTICATION",
    "NO_MODEL",
    "OWN_PARAMETERS_FULL",
    "POPUP_OPEN",
    "QUEUE_FULL",
    "UNKNOWN_PARAMETER",
    "explained",
    "named_in",
]

API_OFF: Final = 1
NEEDS_AUTHENTICATION: Final = 8
ACCESS_DENIED: Final = 50
"""The user clicked Deny, or has revoked the plugin since."""
POPUP_OPEN: Final = 51
QUEUE_FULL: Final = 200
COOLDOWN: Final = 203
OWN_PARAMETERS_FULL: Final = 355
ALL_PARAMETERS_FULL: Final = 356
UNKNOWN_PARAMETER: Final = 453
CONTROLLED_BY_OTHER: Final = 454
NO_MODEL: Final = frozenset({201, 652})

_REPORT: Final = "report this: it is a fault of vtdrive"
_PLUGINS: Final = "VTube Studio's settings, at the list of plugins"

_SAID: Final[dict[int, tuple[str, str]]] = {
    0: ("VTube Studio met a fault of its own", "if it stays, start VTube Studio again"),
    API_OFF: ("VTube Studio's API is switched off", "switch on Start API in its settings"),
    4: ("VTube Studio does not know this version of its API", "update VTube Studio"),
    7: ("VTube Studio does not know this request", "update VTube Studio"),
    NEEDS_AUTHENTICATION: (
        "VTube Studio wants vtdrive to log in again",
        "nothing: that happens by itself",
    ),
    9: ("VTube Studio has not given vtdrive a permission", f"grant it in {_PLUGINS}"),
    ACCESS_DENIED: (
        "VTube Studio denies vtdrive access, because Deny was clicked or the plugin revoked",
        "start vtdrive again (or wait ten minutes) and click Allow in VTube Studio",
    ),
    POPUP_OPEN: (
        "VTube Studio still shows a popup that asks whether a plugin may connect",
        "answer it in VTube Studio's window",
    ),
    QUEUE_FULL: ("VTube Studio has too many hotkeys waiting", "nothing: it is tried again"),
    201: ("VTube Studio has no model loaded, so no hotkey works", "load a model"),
    202: (
        "VTube Studio's model has no such hotkey",
        "correct the name in `hotkeys`, or add the hotkey in VTube Studio",
    ),
    COOLDOWN: ("VTube Studio wants a pause between presses of a hotkey", "nothing: it is retried"),
    204: (
        "a hotkey in VTube Studio lacks its file",
        "choose its expression or animation again in VTube Studio",
    ),
    205: (
        "VTube Studio cannot run a hotkey now, because one of its windows is open",
        "close VTube Studio's settings",
    ),
    206: ("VTube Studio could not run a hotkey", "press it in VTube Studio to see why"),
    207: ("VTube Studio has no such item", "load the item"),
    208: ("an item in VTube Studio cannot do what the hotkey wants", "choose another hotkey"),
    350: ("VTube Studio refuses the name of a parameter", _REPORT),
    351: ("VTube Studio refuses the range of a parameter", _REPORT),
    352: (
        "another plugin has made a parameter of that name",
        "nothing: vtdrive drives the one that is there",
    ),
    353: ("VTube Studio finds an explanation too long", _REPORT),
    354: (
        "VTube Studio has an input of that name already",
        "nothing: vtdrive drives the one that is there",
    ),
    OWN_PARAMETERS_FULL: (
        "VTube Studio allows each plugin 100 parameters, and vtdrive's are used up",
        f"revoke vtdrive in {_PLUGINS}, and allow it again",
    ),
    ALL_PARAMETERS_FULL: (
        "VTube Studio allows 300 parameters of plugins, and they are used up",
        f"revoke plugins that you no longer use in {_PLUGINS}, or set customs=off",
    ),
    450: ("VTube Studio got no values", _REPORT),
    451: ("VTube Studio refuses a value", _REPORT),
    452: ("VTube Studio refuses a weight", _REPORT),
    UNKNOWN_PARAMETER: (
        "VTube Studio does not know a parameter any more",
        "nothing: vtdrive goes on without it",
    ),
    CONTROLLED_BY_OTHER: (
        "another plugin drives the same inputs in VTube Studio",
        "stop that plugin, or use mode=add to add to what it sets",
    ),
    455: ("VTube Studio does not know the mode", "update VTube Studio"),
    600: (
        "VTube Studio wants another name for an expression's file",
        "write the file's name in `expressions` as it is, ending in .exp3.json",
    ),
    601: (
        "VTube Studio's model has no such expression",
        "correct the file in `expressions`; it must lie in the model's folder",
    ),
    652: ("VTube Studio has no model loaded, so no expression works", "load a model"),
    950: ("VTube Studio does not know an event", "update VTube Studio"),
}
_SAID[650], _SAID[651] = _SAID[600], _SAID[601]
for _number in (2, 3, 5, 6, 52, 53, 54, 100, 101, 102):
    _SAID[_number] = ("VTube Studio does not understand what vtdrive sends", _REPORT)


def explained(error_id: int, *, said: str = "", about: str = "") -> tuple[str, str]:
    """What went wrong and what to do about it.

    `about` is what it concerns (`the hotkey 'Smile'`); `said` is VTube Studio's own sentence, which
    often names a parameter or a plugin.
    """
    what, remedy = _SAID.get(
        error_id, ("VTube Studio refuses a request", "look up the number in VTube Studio's API")
    )
    concerning = f" ({about})" if about else ""
    quoted = f'; VTube Studio says: "{said}"' if said else ""
    return f"{what}{concerning}{quoted} [error {error_id}]", remedy


def named_in(said: str, names: Collection[str]) -> frozenset[str]:
    """Those of `names` that VTube Studio's sentence holds as whole words."""
    words = "".join(c if c.isalnum() else " " for c in said).split()
    return frozenset(words) & frozenset(names)
