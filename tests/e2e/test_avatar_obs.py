"""The avatar's feed in OBS itself, by its media source."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
import pytest
from page_watch import Start, avatar, over, picture, port_of, puppet, start_page, token, watched
from real_obs import ObsClient, RealObs, missing_programs
from skimage.metrics import structural_similarity

from vtdrive.render.stage.page import Page
from vtdrive.render.stage.page_picture import flat_jpeg
from vtdrive.types import U8

__all__ = ["start_page"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {missing_programs()}"),
]
SIZE = (1280, 720)


@pytest.fixture(scope="module")
def obs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealObs]:
    with RealObs(tmp_path_factory.mktemp("obs")) as running:
        with running.client() as client:
            client.ask("CreateScene", sceneName="Stage")
            client.ask("SetCurrentProgramScene", sceneName="Stage")
        yield running


@contextmanager
def playing(page: Page, rgba: U8) -> Iterator[None]:
    ended = threading.Event()

    def play() -> None:
        seq = 0
        while not ended.wait(1 / 30):
            page.show(picture(rgba, seq))
            seq += 1

    player = threading.Thread(target=play)
    player.start()
    try:
        yield
    finally:
        ended.set()
        player.join()


def add_feed(client: ObsClient, page: Page, name: str) -> None:
    """As docs/how-to/obs-avatar.md says."""
    client.ask(
        "CreateInput", sceneName="Stage", inputName=name, inputKind="ffmpeg_source",
        inputSettings={
            "is_local_file": False,
            "input": f"http://127.0.0.1:{port_of(page)}/mjpeg?token={token()}",
            "reconnect_delay_sec": 2,
        },
    )  # fmt: skip


def screenshot(client: ObsClient, name: str) -> np.ndarray[Any, Any]:
    answer = client.ask(
        "GetSourceScreenshot", sourceName=name, imageFormat="png",
        imageWidth=SIZE[0], imageHeight=SIZE[1],
    )  # fmt: skip
    raw = base64.b64decode(str(answer["imageData"]).partition(",")[2])
    image = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(image[..., ::-1]).astype(float)


def alike(client: ObsClient, name: str, wanted: np.ndarray[Any, Any]) -> float:
    try:
        shown = screenshot(client, name)
    except AssertionError:  # nothing to take a picture of yet
        return 0.0
    return float(structural_similarity(shown, wanted, channel_axis=2, data_range=255))


@pytest.mark.parametrize("name", ["mimi", "mochi"])
def test_the_media_source_shows_our_picture(start_page: Start, obs: RealObs, name: str) -> None:
    page = start_page(size=SIZE)
    rgba = avatar(name, *SIZE)
    wanted = over(rgba, (0, 255, 0))
    with obs.client() as client, playing(page, rgba):
        add_feed(client, page, "Feed")
        obs.until(watched(page))
        best = 0.0

        def shown() -> bool:
            nonlocal best
            best = max(best, alike(client, "Feed", wanted))
            return best >= 0.95

        obs.until(shown)
        print(f"SSIM {best:.4f}")
        # Most of what is missing is one step of blue (1 for 0) in the green, which no JPEG can have
        # otherwise; besides that OBS changes nothing.
        assert np.abs(screenshot(client, "Feed")[5, 5] - (0, 255, 0)).max() <= 2
        jpeg = np.frombuffer(flat_jpeg(rgba, (0, 255, 0), quality=90), np.uint8)
        sent = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)[..., ::-1].astype(float)
        assert alike(client, "Feed", sent) >= 0.999
        client.ask("RemoveInput", inputName="Feed")
    obs.until(watched(page, 0))


def test_the_media_source_comes_back_with_vtdrive(start_page: Start, obs: RealObs) -> None:
    page = start_page(size=SIZE)
    with obs.client() as client:
        add_feed(client, page, "Again")
        with playing(page, puppet(*SIZE)):
            obs.until(watched(page))
            obs.until(lambda: alike(client, "Again", over(puppet(*SIZE), (0, 255, 0))) >= 0.95)
        page.close()
        page.open(*SIZE, 30.0)
        with playing(page, puppet(*SIZE, 4)):
            obs.until(watched(page), seconds=30)
            obs.until(lambda: alike(client, "Again", over(puppet(*SIZE, 4), (0, 255, 0))) >= 0.95)
        client.ask("RemoveInput", inputName="Again")
