"""Time and energy of a training. Energy only where a meter is read: no figure is ever reckoned.

Meters are NVIDIA's counter of a GPU (NVML, by the package pynvml) and Linux's of CPU packages
(RAPL, `energy_uj` below /sys/class/powercap). Both count all that the device does.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

POWERCAP = Path("/sys/class/powercap")
EVERY = 10.0  # seconds between readings
MOST_WATTS = 1000.0  # no CPU package draws so much: how fast a counter of 65 or 262 kJ can overflow
Counter = Callable[[], float | None]  # joules so far; None when it cannot be read any more


@dataclass(frozen=True)
class Spent:
    """Seconds of a training and its energy in kWh by meter; empty where there is none."""

    seconds: float
    kwh: dict[str, float] = field(default_factory=dict)


@dataclass
class Meter:
    """Reads the counters from its making on; as a context in a thread, whatever goes on beside."""

    counters: dict[str, Counter]
    clock: Callable[[], float] = time.monotonic
    _began: float = 0.0
    _first: dict[str, float] = field(default_factory=dict)
    _last: dict[str, float] = field(default_factory=dict)
    _one: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._began = self.clock()
        self._first = {name: joules for name, counter in self.counters.items()
                       if (joules := counter()) is not None}
        self._last = dict(self._first)

    def __enter__(self) -> Meter:
        if self.counters:
            threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self.read()

    def spent(self) -> Spent:
        """Time and energy since the making."""
        self.read()
        return Spent(self.clock() - self._began, {
            name: (self._last[name] - first) / 3.6e6 for name, first in self._first.items()
            if name in self._last})

    def read(self) -> None:
        """Take the counters."""
        with self._one:
            for name in list(self._last):
                joules = self.counters[name]()
                if joules is None:  # half a figure is none
                    del self._last[name]
                else:
                    self._last[name] = joules


def meter(device: str, powercap: Path = POWERCAP) -> Meter:
    """The meters that can be read on this machine; the GPU's where the training is on one."""
    return Meter({**_packages(powercap), **(_gpu() if device.startswith("cuda") else {})})


def _packages(folder: Path) -> dict[str, Counter]:
    """RAPL's counters of whole CPU packages (`intel-rapl:0`, on AMD too), not of their parts."""
    found: dict[str, Counter] = {}
    for path in sorted(folder.glob("intel-rapl:*")):
        if path.name.count(":") == 1:
            try:
                found[f"CPU {(path / 'name').read_text().strip()}"] = _rapl(path)
            except (OSError, ValueError):
                continue  # most systems let only root read them
    return found


def _rapl(path: Path) -> Counter:
    """Joules of a package: its counter starts again at `max_energy_range_uj`.

    None as well where so much time went by that it may have started again more than once.
    """
    size = int((path / "max_energy_range_uj").read_text())
    last = int((path / "energy_uj").read_text())
    seen = time.monotonic()
    turns = 0

    def joules() -> float | None:
        nonlocal last, seen, turns
        try:
            now = int((path / "energy_uj").read_text())
        except (OSError, ValueError):
            return None
        waited = time.monotonic() - seen
        if waited * MOST_WATTS * 1e6 > size:
            return None
        turns += now < last
        last, seen = now, seen + waited
        return (turns * size + now) / 1e6

    return joules


def _gpu() -> dict[str, Counter]:
    """The GPU that torch uses, by its UUID; millijoules since the driver was loaded."""
    import torch

    try:
        nvml: Any = importlib.import_module("pynvml")
        nvml.nvmlInit()
        own = torch.cuda.get_device_properties(torch.cuda.current_device())
        handle = nvml.nvmlDeviceGetHandleByUUID(f"GPU-{own.uuid}".encode())
        nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
    except Exception:  # no package, driver or counter: then there is no meter
        return {}

    def joules() -> float | None:
        try:
            return float(nvml.nvmlDeviceGetTotalEnergyConsumption(handle)) / 1e3
        except nvml.NVMLError:
            return None

    return {f"GPU {own.name}": joules}
