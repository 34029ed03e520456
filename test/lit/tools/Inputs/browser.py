# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Chromium without a window, by the W3C WebDriver protocol."""
import base64
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ARROW_RIGHT, ENTER, ESCAPE = "\ue014", "\ue007", "\ue00c"


class Browser:
    def __init__(self, width=1400, height=900, dark=False):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                port = line.rstrip(".\n").split()[-1]
                break
        self.base = f"http://127.0.0.1:{port}"
        arguments = ["--headless", "--no-sandbox", "--disable-gpu",
                     "--disable-quic", "--no-first-run", "--disable-sync",
                     "--disable-background-networking",
                     "--disable-component-update", "--disable-dev-shm-usage",
                     f"--window-size={width},{height}",
                     f"--user-data-dir={self.profile.name}"]
        if dark:
            arguments.append("--blink-settings=preferredColorScheme=0")
        answer = self.post("/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.base += "/session/" + answer["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            urllib.request.urlopen(
                urllib.request.Request(self.base, method="DELETE"), timeout=30)
        finally:
            self.driver.terminate()
            self.driver.wait()
            time.sleep(0.2)
            self.profile.cleanup()

    def post(self, path, body):
        request = urllib.request.Request(
            self.base + path, json.dumps(body).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, file):
        self.post("/url", {"url": "file://" + os.path.abspath(file)})

    def run(self, script):
        return self.post("/execute/sync", {"script": script, "args": []})

    def find(self, css):
        value = self.post("/element", {"using": "css selector", "value": css})
        return "/element/" + value[ELEMENT]

    def text(self, css):
        return self.run(f"return document.querySelector({css!r}).innerText")

    def click(self, css):
        self.post(self.find(css) + "/click", {})

    def type(self, css, text):
        self.post(self.find(css) + "/value", {"text": text})

    def errors(self):
        return [entry["message"] for entry in
                self.post("/se/log", {"type": "browser"})
                if entry["level"] == "SEVERE"]

    def screenshot(self, path):
        with urllib.request.urlopen(self.base + "/screenshot") as answer:
            data = json.load(answer)["value"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))


def enlarge(page, path):
    """The page of a report with 20,000 functions more, at `path`."""
    with open(page) as file:
        text = file.read()
    begin, data, end = re.match(
        r"(?s)(.*<script id=\"data\"[^>]*>)(.*?)(</script>.*)", text).groups()
    report = json.loads(data)
    row = next(row for row in report["nodes"] if row[0] == "main")
    for i in range(20000):
        report["nodes"].append([f"f{i}()", *row[1:7], 16 + i % 640, *row[8:]])
    with open(path, "w") as file:
        file.write(begin + json.dumps(report) + end)
