"""The files that films become, decoded by PyAV and OpenCV."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from film_scenes import COLOUR, width_of

from vtdrive.render.film import aside as aside_module
from vtdrive.render.film.aside import Aside
from vtdrive.render.film.encoding import FilmSpec, open_encoder
from vtdrive.types import U8

W, H, N = 160, 96, 45
GREEN = (0, 255, 0)


def picture(k: int) -> U8:
    """A bar that grows, half transparent at its end, on nothing; premultiplied."""
    out = np.zeros((H, W, 4), np.uint8)
    x = 40 + k
    out[:, :x] = (*COLOUR, 255)
    out[:, x : x + 32] = (*(c // 2 for c in COLOUR), 128)
    return out


def write(path: Path, *, fps: float = 30.0, overwrite: bool = False, count: int = N) -> Path | None:
    encoder = open_encoder(FilmSpec(path, W, H, fps, overwrite=overwrite, title="a film"))
    for k in range(count):
        encoder.write(picture(k))
    return encoder.finish()


def decoded(path: Path, codec: str = "") -> list[Any]:
    """All frames, by the decoder `codec` where the usual one does not know transparency."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        if not codec:
            return list(container.decode(stream))
        decoder = av.codec.CodecContext.create(codec, "r")
        decoder.extradata = stream.codec_context.extradata
        return [frame for packet in container.demux(stream) for frame in decoder.decode(packet)]


def test_an_mp4_plays_in_browsers(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4")
    assert path == tmp_path / "a.mp4"
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
    data = path.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat"), "it has to load to the end first"
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.average_rate, stream.frames) == (30, N)
        assert float(stream.duration * stream.time_base) == pytest.approx(N / 30)
        assert container.metadata["title"] == "a film"
    frames = decoded(path)
    assert len(frames) == N
    rgb = frames[20].to_ndarray(format="rgb24")
    assert rgb.shape == (H, W, 3)
    np.testing.assert_allclose(rgb[H // 2, 20], COLOUR, atol=6)
    np.testing.assert_allclose(rgb[H // 2, 76], np.add(COLOUR, GREEN) // 2, atol=8)
    np.testing.assert_allclose(rgb[H // 2, 150], GREEN, atol=6)
    assert width_of(rgb) == pytest.approx(60 / W, abs=0.03)


def test_a_webm_is_transparent(tmp_path: Path) -> None:
    path = write(tmp_path / "a.webm", fps=24)
    assert path is not None
    frames = decoded(path, "libvpx-vp9")
    assert len(frames) == N
    assert frames[-1].time == pytest.approx((N - 1) / 24, abs=0.002)
    rgba = frames[20].to_ndarray(format="rgba")
    np.testing.assert_allclose(rgba[H // 2, 20], (*COLOUR, 255), atol=8)
    np.testing.assert_allclose(rgba[H // 2, 76], (*COLOUR, 128), atol=10)
    assert rgba[:, 110:, 3].max() <= 3
    # No dark rim: up to the last pixel that is seen its colour is the bar's.
    seen = rgba[..., 3] > 100
    assert np.abs(rgba[seen][:, :3].astype(int) - COLOUR).max() < 30


def test_a_webp_is_transparent_and_moves(tmp_path: Path) -> None:
    path = write(tmp_path / "a.webp", count=12)
    assert path is not None
    ok, animation = cv2.imreadanimation(str(path))
    assert ok
    assert animation.loop_count == 0
    assert len(animation.frames) == 12
    assert sum(animation.durations) == pytest.approx(400, abs=4)
    bgra = animation.frames[6]
    np.testing.assert_allclose(bgra[H // 2, 20], (*COLOUR[::-1], 255), atol=6)
    np.testing.assert_allclose(bgra[H // 2, 62], (*COLOUR[::-1], 128), atol=6)
    assert bgra[H // 2, 150, 3] == 0


def test_a_folder_of_pngs_has_straight_alpha(tmp_path: Path) -> None:
    folder = write(tmp_path / "a.png", count=3)
    assert folder == tmp_path / "a"
    names = sorted(p.name for p in folder.iterdir())
    assert names == ["000001.png", "000002.png", "000003.png"]
    bgra = cv2.imread(str(folder / names[1]), cv2.IMREAD_UNCHANGED)
    assert bgra is not None
    assert bgra.shape == (H, W, 4)
    assert tuple(bgra[0, 0]) == (*COLOUR[::-1], 255)
    np.testing.assert_allclose(bgra[0, 60], (*COLOUR[::-1], 128), atol=1)
    assert bgra[0, 150, 3] == 0


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.webp"])
def test_the_same_pictures_give_the_same_bytes(tmp_path: Path, name: str) -> None:
    films = []
    for run in ("one", "two"):
        (tmp_path / run).mkdir()
        path = write(tmp_path / run / name, count=20)
        assert path is not None
        films.append(path.read_bytes())
    assert films[0] == films[1]


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.webp", "a.png"])
def test_without_pictures_there_is_no_film(tmp_path: Path, name: str) -> None:
    assert write(tmp_path / name, count=0) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_what_a_crash_leaves_plays_as_far_as_it_goes(tmp_path: Path, name: str) -> None:
    encoder = open_encoder(FilmSpec(tmp_path / name, W, H, 10.0))
    for k in range(105):
        encoder.write(picture(k % 60))
    (left,) = tmp_path.iterdir()
    assert ".unfinished." in left.name
    copy = tmp_path / f"copy{left.suffix}"
    copy.write_bytes(left.read_bytes())
    assert len(decoded(copy)) >= 20
    encoder.finish()
    assert (tmp_path / name).is_file()


class FullDisk(Aside):
    """Has room for so many bytes."""

    room = 400_000

    def write(self, data: bytes) -> int:
        if self.size + len(data) > self.room:
            self.fault = self.fault or OSError(errno.ENOSPC, "No space left on device")
            raise self.fault
        return super().write(data)


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_a_full_disk_is_an_os_error_and_what_fits_plays(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vtdrive.render.film.container.Aside", FullDisk)
    encoder = open_encoder(FilmSpec(tmp_path / name, W, H, 10.0, quality=100))
    rng = np.random.default_rng(3)

    def write_noise() -> None:
        for k in range(400):
            noisy = picture(k % 60)
            noisy[..., :3] = np.minimum(noisy[..., :3], rng.integers(0, 255, (H, W, 3)))
            encoder.write(noisy)

    with pytest.raises(OSError, match="No space") as caught:
        write_noise()
    assert caught.value.errno == errno.ENOSPC
    left = encoder.salvage()
    assert left == tmp_path / name
    with av.open(str(left)) as container:
        assert next(container.decode(video=0)).width == W


def test_a_torn_webp_is_not_left_as_if_it_were_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FullDisk, "room", 600)
    monkeypatch.setattr("vtdrive.render.film.container.Aside", FullDisk)
    encoder = open_encoder(FilmSpec(tmp_path / "a.webp", W, H, 10.0))
    for k in range(N):
        encoder.write(picture(k))
    with pytest.raises(OSError, match="No space"):
        encoder.finish()
    assert encoder.salvage() is None
    assert list(tmp_path.iterdir()) == []


def test_an_mp4_that_cannot_be_copied_stays_in_fragments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = open_encoder(FilmSpec(tmp_path / "a.mp4", W, H, 30.0))
    for k in range(N):
        encoder.write(picture(k))

    def refuse(final: Path) -> tuple[Path, object]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(aside_module, "_created", refuse)
    assert encoder.finish() == tmp_path / "a.mp4"
    assert len(decoded(tmp_path / "a.mp4")) == N


def test_the_film_of_a_crash_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.unfinished.mp4").write_bytes(b"the only take")
    write(tmp_path / "a.mp4", count=2)
    assert (tmp_path / "a.unfinished.mp4").read_bytes() == b"the only take"


def test_what_came_to_the_place_meanwhile_is_kept(tmp_path: Path) -> None:
    encoder = open_encoder(FilmSpec(tmp_path / "a.webm", W, H, 30.0))
    encoder.write(picture(0))
    (tmp_path / "a.webm").write_text("somebody else's")
    assert encoder.finish() == tmp_path / "a.unfinished.webm"
    assert (tmp_path / "a.webm").read_text() == "somebody else's"


def test_overwriting_replaces_films_and_only_our_own_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.webm").write_text("old")
    path = write(tmp_path / "a.webm", overwrite=True, count=2)
    assert path is not None
    assert len(path.read_bytes()) > 100
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "000009.png").write_text("old")
    (folder / "notes.txt").write_text("mine")
    write(tmp_path / "pictures.png", overwrite=True, count=1)
    assert sorted(p.name for p in folder.iterdir()) == ["000001.png", "notes.txt"]
