"""A machine with a virtual camera, where this one's kernel has none: Debian's, emulated by QEMU.

It sees this machine's files, so the same virtual environment runs in it, but nothing it writes
stays, save in one folder for results. By hand:

    .venv/bin/python tests/hardware/v4l2loopback.py [FOLDER]

boots it, lets `camera_job.py` put the virtual camera to the test, and prints what was measured.
FOLDER keeps the kernel and the module for another time; about 100 MB are downloaded by apt-get.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

__all__ = ["Guest", "missing", "prepare"]

_PROGRAMS: Final = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "cpio": "cpio",
    "depmod": "kmod",
    "v4l2-ctl": "v4l-utils",
    "make": "build-essential",
    "gcc": "build-essential",
    "dpkg-deb": "dpkg",
    "apt-get": "apt",
}
_AT_BOOT: Final = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
_FOR_JOBS: Final = ("v4l2loopback", "vivid")
_INIT: Final = """\
#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /host /upper /whole /results
mount -t proc none /proc && mount -t sysfs none /sys && mount -t devtmpfs none /dev
for file in $(cat /modules/boot.order); do insmod /modules/$file; done
ninep="trans=virtio,version=9p2000.L,msize=512000"
mount -t 9p -o $ninep,cache=loose,ro hostroot /host
mount -t tmpfs none /upper && mkdir /upper/changed /upper/work
mount -t overlay -o lowerdir=/host,upperdir=/upper/changed,workdir=/upper/work none /whole
for folder in proc sys dev; do mount --bind /$folder /whole/$folder; done
mkdir /whole/dev/shm && mount -t tmpfs none /whole/dev/shm
mkdir /whole/guest /whole/guest/results /whole/guest/modules
mount -t 9p -o $ninep results /whole/guest/results
cp /modules/* /whole/guest/modules/
ip link set lo up
hostname guest
chroot /whole /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/guest LANG=C.UTF-8 \
    /bin/sh /guest/results/job.sh > /whole/guest/results/log.txt 2>&1
echo $? > /whole/guest/results/status
sync
poweroff -f
"""


def missing() -> str:
    """Why no such machine can be had here; empty where it can."""
    if os.uname().machine != "x86_64":
        return "the recipe is for x86_64"
    absent = {package for name, package in _PROGRAMS.items() if shutil.which(name) is None}
    if absent:
        return f"not installed: {' '.join(sorted(absent))}"
    if _release() == "":
        return "no package linux-image-amd64 (is this Debian? apt-get update)"
    if not _headers().is_dir():
        return f"not installed: linux-headers-{_release()}"
    return ""


@lru_cache(maxsize=1)
def _release() -> str:
    """Of Debian's newest kernel: `6.1.0-56-amd64`."""
    told = subprocess.run(
        ["apt-cache", "depends", "linux-image-amd64"], capture_output=True, text=True, check=False
    )
    found = re.search(r"Depends: linux-image-(\S+)", told.stdout)
    return found[1] if found else ""


def _headers() -> Path:
    return Path("/usr/src") / f"linux-headers-{_release()}"


def prepare(folder: Path) -> None:
    """Kernel and initial RAM disk in `folder`, unless they lie there from before."""
    if (folder / "initrd").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    release = _release()
    packages = [f"linux-image-{release}", "v4l2loopback-dkms"]
    subprocess.run(["apt-get", "download", "-qq", *packages], cwd=folder, check=True)
    root = folder / "root"
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, root], check=True)
    _build_module(root, release)
    subprocess.run(["depmod", "-b", root, release], check=True)
    shutil.copy(root / "boot" / f"vmlinuz-{release}", folder / "kernel")
    _pack(folder, root, release)
    shutil.rmtree(root)


def _build_module(root: Path, release: str) -> None:
    (source,) = (root / "usr/src").glob("v4l2loopback-*")
    command = ["make", "-s", "-C", str(_headers()), f"M={source.resolve()}", "modules"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    extra = root / "lib/modules" / release / "updates"
    extra.mkdir()
    shutil.copy(source / "v4l2loopback.ko", extra)


def _pack(folder: Path, root: Path, release: str) -> None:
    disk = folder / "disk"
    (disk / "bin").mkdir(parents=True)
    (disk / "modules").mkdir()
    busybox = shutil.which("busybox")
    assert busybox is not None
    shutil.copy(busybox, disk / "bin/busybox")
    for name, wanted in (("boot.order", _AT_BOOT), ("job.order", _FOR_JOBS)):
        files = []
        for module in wanted:
            for file in _with_dependencies(root, release, module):
                shutil.copy(file, disk / "modules")
                if file.name not in files:
                    files.append(file.name)
        (disk / "modules" / name).write_text("\n".join(files) + "\n")
    init = disk / "init"
    init.write_text(_INIT)
    init.chmod(0o755)
    names = "\n".join(str(path.relative_to(disk)) for path in sorted(disk.rglob("*")))
    with (folder / "initrd").open("wb") as out:
        command = ["cpio", "--quiet", "-o", "-H", "newc"]
        subprocess.run(command, cwd=disk, input=names.encode(), stdout=out, check=True)


def _with_dependencies(root: Path, release: str, module: str) -> list[Path]:
    told = subprocess.run(
        ["modprobe", "-d", root, "-S", release, "--show-depends", module],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [Path(line.split()[1]) for line in told.stdout.splitlines() if line.startswith("insmod")]


class Guest:
    """Boots for one job at a time; nothing of it remains but `results`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.results = folder / "results"
        """What the job left in `/guest/results`, `log.txt` being what it said."""

    def run(self, command: str, *, seconds: float) -> int:
        """The exit status of a shell command run as root inside; TimeoutError if none came.

        Modules lie in `/guest/modules`; `job.order` there names those for `insmod`, in order.
        """
        shutil.rmtree(self.results, ignore_errors=True)
        self.results.mkdir()
        (self.results / "job.sh").write_text(command + "\n")
        share = "security_model=none,multidevs=remap"
        machine = [
            "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2",
            "-m", "2048", "-nodefaults", "-nographic", "-no-reboot", "-nic", "none",
            "-serial", f"file:{self._folder / 'console.txt'}",
            "-kernel", str(self._folder / "kernel"), "-initrd", str(self._folder / "initrd"),
            "-append", "console=ttyS0 quiet panic=-1",
            "-fsdev", f"local,id=root,path=/,readonly=on,{share}",
            "-device", "virtio-9p-pci,fsdev=root,mount_tag=hostroot",
            "-fsdev", f"local,id=results,path={self.results},{share}",
            "-device", "virtio-9p-pci,fsdev=results,mount_tag=results",
        ]  # fmt: skip
        try:
            subprocess.run(machine, check=True, timeout=seconds, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"no answer within {seconds:g} s\n{self.said()}") from None
        status = self.results / "status"
        assert status.exists(), f"the guest did not come to the job\n{self.said()}"
        return int(status.read_text())

    def said(self) -> str:
        """The end of what the job and the kernel said."""
        texts = (self.results / "log.txt", self._folder / "console.txt")
        return "\n".join(t.read_text(errors="replace")[-3000:] for t in texts if t.exists())


def camera_figures(folder: Path) -> dict[str, Any]:
    """What `camera_job.py` found out about the virtual camera, in a guest made in `folder`."""
    prepare(folder)
    guest = Guest(folder)
    here = Path(__file__).resolve()
    job = here.with_name("camera_job.py")
    command = f"cd {here.parents[2]} && {sys.executable} {job} /guest/results/figures.json"
    status = guest.run(command, seconds=400)
    assert status == 0, guest.said()
    figures: dict[str, Any] = json.loads((guest.results / "figures.json").read_text())
    return figures


def main() -> None:
    reason = missing()
    if reason:
        raise SystemExit(reason)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        print(json.dumps(camera_figures(folder.resolve()), indent=1))


if __name__ == "__main__":
    main()
