"""The one door to ONNX Runtime: a session on one thread, and nothing sent to anybody.

From 1.29 on its packages report usage to their makers over the network, on Linux and macOS as well,
unless `ORT_DISABLE_TELEMETRY=1` is set before the library starts; on Windows events go to the
system's own tracing, which the library's switch turns off. Both are done here, so every use of
ONNX Runtime must come through `onnxruntime_module`.

Sessions run on the CPU unless another of ONNX Runtime's providers is asked for: then there, with
the CPU behind it for what that one cannot do, or on the CPU alone with a sentence that says why.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vtdrive.errors import ModelError

if TYPE_CHECKING:
    import onnxruntime

__all__ = [
    "PROVIDERS",
    "onnxruntime_module",
    "open_instead",
    "open_preferred",
    "open_session",
    "present_providers",
    "provider_named",
]

PROVIDERS: Final[dict[str, str]] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
"""Short names of providers to ONNX Runtime's own."""

_PACKAGE: Final = {
    "cuda": "onnxruntime-gpu",
    "tensorrt": "onnxruntime-gpu",
    "directml": "onnxruntime-directml",
    "openvino": "onnxruntime-openvino",
}
"""Which build of ONNX Runtime has it; CoreML is in the usual one for macOS."""

_OPTIONS: Final = {"OpenVINOExecutionProvider": {"num_of_threads": "1"}}
"""It has threads of its own, which the session's options do not reach."""

_REMOTE: Final = "AzureExecutionProvider"
"""Most builds list it. It hands inputs to a server, and pictures must not leave the machine."""


def onnxruntime_module() -> Any:
    """`import onnxruntime`, silent."""
    # The second name is what some builds before 1.30 listen to.
    for name in ("ORT_DISABLE_TELEMETRY", "ORT_TELEMETRY_DISABLED"):
        os.environ[name] = "1"
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


def provider_named(name: str) -> str:
    """ONNX Runtime's name of a provider written short (`cuda`) or in full, in any case.

    Says nothing about whether it is present. Raises ValueError for a name that can be none, and
    for the one that would send pictures away.
    """
    plain = name.strip().lower()
    if plain == _REMOTE.lower():
        raise ValueError(f"{_REMOTE} sends pictures to a server, which vtdrive never does")
    full = {own.lower(): own for own in PROVIDERS.values()}
    found = PROVIDERS.get(plain) or full.get(plain)
    if found is None and re.fullmatch(r"\w+ExecutionProvider", name.strip()):
        found = name.strip()
    if found is None:
        close = difflib.get_close_matches(plain, PROVIDERS, n=1)
        raise ValueError(
            f"{name!r} is no provider (allowed: {', '.join(PROVIDERS)}, or a name of ONNX"
            " Runtime's that ends in ExecutionProvider"
            + (f"; did you mean '{close[0]}'?)" if close else ")")
        )
    return found


def present_providers() -> list[str]:
    """What the installed ONNX Runtime was built with, by short name where there is one."""
    return [_short(own) for own in onnxruntime_module().get_available_providers() if own != _REMOTE]


def open_session(model: bytes, *, name: str) -> onnxruntime.InferenceSession:
    """`model` on the CPU, on one thread that sleeps while it waits: the cores are the game's.

    Raises ModelError, with `name`, where the bytes are no network that ONNX Runtime can run.
    """
    try:
        return _session(model, [PROVIDERS["cpu"]])
    except Exception as fault:  # onnxruntime's exceptions share no base of their own
        raise ModelError(
            f"model {Path(name).name} cannot be loaded: {fault}",
            "restore the model and its card together, or use the shipped one",
        ) from fault


def open_preferred(
    model: bytes,
    *,
    name: str,
    provider: str,
    trial: Callable[[onnxruntime.InferenceSession], object],
) -> tuple[onnxruntime.InferenceSession, str]:
    """`model` on `provider` with the CPU behind it, else on the CPU; and a sentence for the user.

    `trial` runs the network once, because some providers start and fail only then. It is called on
    whatever session comes of this; what it raises on the CPU comes through. The sentence is empty
    where the wish was met. Raises ModelError as `open_session`, ValueError as `provider_named`.
    """
    wanted = provider_named(provider)
    why = ""
    if wanted != PROVIDERS["cpu"]:
        try:
            session = _accelerated(model, wanted)
            try:
                trial(session)
            except Exception as fault:
                raise _Unusable(wanted, f"failed at the first picture: {_first(fault)}") from fault
            return session, ""
        except _Unusable as fault:
            why = str(fault)
    session = open_session(model, name=name)
    trial(session)
    return session, f"model {Path(name).name} runs on the CPU: {why}" if why else ""


def open_instead(
    model: bytes, *, name: str, provider: str, fault: Exception
) -> tuple[onnxruntime.InferenceSession, str]:
    """`model` on the CPU after `provider` failed during a run; and a sentence for the user.

    Raises ModelError as `open_session`.
    """
    why = _Unusable(provider_named(provider), f"failed: {_first(fault)}")
    session = open_session(model, name=name)
    return session, f"model {Path(name).name} runs on the CPU from now on: {why}"


class _Unusable(Exception):
    """Why a provider is not used, in words for the user."""

    def __init__(self, provider: str, why: str) -> None:
        short, present = _short(provider), present_providers()
        has = "" if short in present else _PACKAGE.get(short, "")
        hint = f"; the package {has} has it" if has else ""
        super().__init__(f"provider {short} {why} (present: {', '.join(present)}{hint})")


def _accelerated(model: bytes, wanted: str) -> onnxruntime.InferenceSession:
    """Raises _Unusable where `wanted` is absent, or does not start in whatever way."""
    if _short(wanted) not in present_providers():
        raise _Unusable(wanted, "is not in the installed ONNX Runtime")
    try:
        session = _session(model, [wanted, PROVIDERS["cpu"]])
    except Exception as fault:  # every provider fails in its own way, and the CPU is there
        raise _Unusable(wanted, f"failed to start: {_first(fault)}") from fault
    if wanted not in session.get_providers():
        raise _Unusable(wanted, "failed to start, without saying why")
    return session


def _first(fault: Exception) -> str:
    """The first line of what it says: the rest is a stack trace of somebody else's."""
    return next(iter(str(fault).strip().splitlines()), "") or repr(fault)


def _session(model: bytes, providers: list[str]) -> onnxruntime.InferenceSession:
    runtime = onnxruntime_module()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # failures reach the user as sentences
    if PROVIDERS["directml"] in providers:
        options.enable_mem_pattern = False  # DirectML's condition
    # Left on, its own fallback prints a banner and swaps providers in the middle of a run.
    chosen = [(provider, _OPTIONS.get(provider, {})) for provider in providers]
    return runtime.InferenceSession(model, options, providers=chosen, enable_fallback=0)


def _short(own: str) -> str:
    return next((short for short, full in PROVIDERS.items() if full == own), own)
