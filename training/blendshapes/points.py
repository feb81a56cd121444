"""Which mesh points are used for what, and the two faces that follow from data alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vtdrive.trackers.shapes import Layout, normalise

__all__ = ["EXTRA", "POINTS", "RIGID", "TEACHER", "mean_layout", "mirror_of"]


def _mesh(text: str) -> npt.NDArray[np.intp]:
    return np.array(text.split(), np.intp)


TEACHER = _mesh(
    "0 1 4 5 6 7 8 10 13 14 17 21 33 37 39 40 46 52 53 54 55 58 61 63 65 66 67 70 78 80 81 82 84 87"
    " 88 91 93 95 103 105 107 109 127 132 133 136 144 145 146 148 149 150 152 153 154 155 157 158"
    " 159 160 161 162 163 168 172 173 176 178 181 185 191 195 197 234 246 249 251 263 267 269 270"
    " 276 282 283 284 285 288 291 293 295 296 297 300 308 310 311 312 314 317 318 321 323 324 332"
    " 334 336 338 356 361 362 365 373 374 375 377 378 379 380 381 382 384 385 386 387 388 389 390"
    " 397 398 400 402 405 409 415 454 466 468 469 470 471 472 473 474 475 476 477"
)
"""(146,) points that the teacher's own shape network reads, in its order."""

EXTRA = _mesh("2 9 36 48 49 50 64 94 98 101 129 151 205 266 278 279 280 294 327 330 358 425")
"""Nose wings, cheeks and brow root, for sneer, cheek raise and frown."""

POINTS = np.sort(np.concatenate([TEACHER, EXTRA]))
"""(P,) what our network reads."""

RIGID = _mesh(
    "6 168 197 195 5 8 33 133 263 362 10 151 67 297 103 332 54 284 109 338"
    " 21 251 162 389 127 356 234 454 2 98 327"
)
"""Nose bridge and base, eye corners, forehead and temples."""


def mean_layout(landmarks_px: npt.NDArray[np.float32], rounds: int = 5) -> Layout:
    """Generalised Procrustes: the mean of the rigid points over (N, 478, 3), made symmetric."""
    start = landmarks_px[:, RIGID] - landmarks_px[:, RIGID].mean(1, keepdims=True)
    start /= np.linalg.norm(start, axis=-1).mean(1)[:, None, None]
    template = np.median(start, axis=0)
    partner = mirror_of(template)
    for _ in range(rounds):
        template = (template + template[partner] * np.array([-1, 1, 1], np.float32)) / 2
        template -= template.mean(0)
        template /= np.linalg.norm(template, axis=-1).mean()
        front = normalise(landmarks_px, Layout(RIGID, RIGID, template))[..., 2:]
        template = front.mean(0)
    template = (template + template[partner] * np.array([-1, 1, 1], np.float32)) / 2
    template -= template.mean(0)
    template /= np.linalg.norm(template, axis=-1).mean()
    return Layout(POINTS, RIGID, template.astype(np.float32))


def mirror_of(face: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    """(P,) the index of each point's mirror image on a frontal mean face (P, 3)."""
    flipped = face * np.array([-1, 1, 1], np.float32)
    partner = np.linalg.norm(flipped[:, None] - face[None], axis=-1).argmin(1)
    if not (partner[partner] == np.arange(len(face))).all():
        raise ValueError("the face is not symmetric enough to pair its points")
    return partner
