"""One child process of the supervisor: started, watched, restarted with back-off, stopped."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from analytics.services.embedded import child_environment, die_with_parent

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0  # a child that lived this long starts again with the first pause


def say(text: str) -> None:
    print(text, flush=True)


@dataclass
class Child:
    name: str
    command: list[str]
    folder: Path
    log: Path | None = None  # None: its lines go to the terminal behind its name
    before: Callable[[], object] = lambda: None
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 20.0
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE
    restart_at: float = field(default=0.0)

    def start(self) -> None:
        self.before()
        output = self.log.open("ab") if self.log else subprocess.PIPE
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, env={**child_environment(), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, preexec_fn=die_with_parent,
            start_new_session=True,
        )  # fmt: skip
        self.started_at, self.restart_at = time.monotonic(), 0.0
        if self.process.stdout:
            threading.Thread(target=self._pump, args=(self.process,), daemon=True).start()
        elif self.log:
            output.close()  # type: ignore[union-attr]

    def _pump(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(f"{self.name:>10} | {line.decode('utf-8', 'replace').rstrip()}\n")
            sys.stdout.flush()

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def watch(self) -> None:
        """Restart it when it has died, after a pause that doubles while it keeps dying."""
        if self.is_alive():
            return
        now = time.monotonic()
        if not self.restart_at:
            if now - self.started_at > STEADY_SECONDS:
                self.pause = FIRST_PAUSE
            code = self.process.returncode if self.process else None
            say(f"{self.name} ended ({describe(code)}); it starts again in {self.pause:g} s.")
            self.restart_at = now + self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
        elif now >= self.restart_at:
            self.start()

    def ask_to_stop(self) -> None:
        if self.process and self.is_alive():
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        if self.process is None:
            return
        self.ask_to_stop()
        try:
            self.process.wait(self.stop_seconds)
        except subprocess.TimeoutExpired:
            say(f"{self.name} did not stop within {self.stop_seconds:g} s and is ended.")
        try:  # whatever it started is in its session
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def describe(code: int | None) -> str:
    if code is None:
        return "never started"
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
