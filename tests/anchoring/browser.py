"""Headless Chromium over its debugging pipe: real keys, real files, no further package."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking",
         "--hide-scrollbars", "--remote-debugging-pipe")
MOVE = ("import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); "
        "os.execv(sys.argv[3], sys.argv[3:])")
# The page's clock, which `later` puts forward: nobody waits for seconds to be counted.
CLOCK = """{ const real = performance.now.bind(performance); let ahead = 0;
performance.now = () => real() + ahead; window.later = seconds => { ahead += seconds * 1000; }; }"""
PATIENCE = 15.0  # seconds


class Browser:
    """One tab. Messages are JSON ended by a zero byte on the descriptors 3 (in) and 4 (out)."""

    def __init__(self, folder: Path) -> None:
        self.downloads = folder / "downloads"
        self.downloads.mkdir(parents=True)
        to_read, self.write = os.pipe()
        self.read, to_write = os.pipe()
        # above 4, so that neither lies where the other has to go
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_read, to_write)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", MOVE, *map(str, ends), str(CHROMIUM), *FLAGS,
             f"--user-data-dir={folder / 'profile'}", "about:blank"],
            pass_fds=ends, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for end in (to_read, to_write, *ends):
            os.close(end)
        self.last, self.rest, self.session = 0, b"", ""
        self.events: list[dict[str, Any]] = []
        self.taken: set[str] = set()  # downloads that `saved` has given out
        pages = [one for one in self.call("Target.getTargets")["targetInfos"]
                 if one["type"] == "page"]
        self.session = self.call("Target.attachToTarget", targetId=pages[0]["targetId"],
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=CLOCK)
        self.call("Browser.setDownloadBehavior", behavior="allow",
                  downloadPath=str(self.downloads), eventsEnabled=True)

    def call(self, method: str, **values: Any) -> dict[str, Any]:
        self.last += 1
        message: dict[str, Any] = {"id": self.last, "method": method, "params": values}
        if self.session and not method.startswith(("Target.", "Browser.")):
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        while True:
            found = self._next()
            if found.get("id") == self.last:
                assert "error" not in found, found
                return found["result"]
            self.events.append(found)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self.rest:
            assert select.select([self.read], [], [], PATIENCE)[0], "the browser does not answer"
            part = os.read(self.read, 1 << 20)
            assert part, "the browser went away"
            self.rest += part
        line, _, self.rest = self.rest.partition(b"\0")
        return json.loads(line)

    def open(self, page: Path, fragment: str = "") -> None:
        # the count makes it a new load where only the fragment differs
        self._load("Page.navigate", url=f"{page.as_uri()}?{self.last}{fragment}")

    def reload(self) -> None:
        self._load("Page.reload")

    def _load(self, method: str, **values: Any) -> None:
        seen = len(self.events)
        self.call(method, **values)
        while not any(one["method"] == "Page.loadEventFired" for one in self.events[seen:]):
            self.events.append(self._next())

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                          awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, expression: str) -> None:
        end = time.monotonic() + PATIENCE
        while not self.ask(expression):
            assert time.monotonic() < end, f"never true: {expression}"
            time.sleep(0.02)

    def later(self, seconds: float) -> None:
        """Puts the page's clock forward."""
        self.ask(f"later({seconds})")

    def press(self, key: str, code: str = "") -> None:
        """A key press as the keyboard sends it: the sign it types and its place (`code`)."""
        typed = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=code or key, **typed)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=code or key)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """A click of the mouse in the middle of an element."""
        box = self.ask(
            f"(e => {{ e.scrollIntoView({{block: 'center'}}); const b = e.getBoundingClientRect();"
            f"return [b.x + b.width / 2, b.y + b.height / 2, b.width]; }})"
            f"(document.querySelector({json.dumps(selector)}))")
        assert box[2] > 0, f"not visible: {selector}"
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left",
                      clickCount=1)

    def give_file(self, selector: str, path: Path) -> None:
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def size(self, width: int, height: int, *, phone: bool = False) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=phone)

    def picture(self, path: Path) -> None:
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def saved(self, folder: Path) -> Path:
        """The one file in the download folder, once it is whole; moved to `folder`."""
        # the browser takes the file's name with an empty file before it writes: the file's
        # being there says nothing, only the browser's own word does
        while not (done := {one["params"]["guid"] for one in self.events
                            if one["method"] == "Browser.downloadProgress"
                            and one["params"]["state"] == "completed"} - self.taken):
            self.events.append(self._next())
        self.taken |= done
        (path,) = self.downloads.glob("*.json")
        return path.rename(folder / path.name)

    def close(self) -> None:
        self.session = ""
        os.write(self.write, json.dumps({"id": 0, "method": "Browser.close"}).encode() + b"\0")
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.write)
        os.close(self.read)
