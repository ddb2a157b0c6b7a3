# SPDX-License-Identifier: Apache-2.0
"""A command on a terminal of its own, which the test reads and types on."""
import fcntl
import os
import pty
import select
import subprocess
import termios
import time
import unittest

SECONDS_MAX = 120


class Terminal:
    """A command whose controlling terminal, stdout and stderr are a terminal that the test holds, and
    stdin too unless it is a pipe."""

    def __init__(self, tool, *words, stdin=None):
        try:
            self.master, slave = pty.openpty()
        except OSError as error:
            raise unittest.SkipTest("this machine gives out no terminals (/dev/pts): %s" % error)
        self.words = [str(each) for each in words]
        self.process = subprocess.Popen(
            [tool.path, *self.words], stdin=slave if stdin is None else stdin, stdout=slave, stderr=slave,
            cwd=tool.cwd, env=dict(tool.environment, TERM="dumb"), start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(2, termios.TIOCSCTTY, 0))
        self.slave = slave  # kept open, so that the terminal's state outlives the command
        self.shown = b""

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.slave)
        os.close(self.master)

    def _take(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        self.shown += os.read(self.master, 65536)
        return True

    def wait_for(self, text, after=b""):
        """Waits until `text` is shown; `after`: what was shown already does not count."""
        until = time.monotonic() + SECONDS_MAX
        while text not in self.shown[len(after):]:
            if time.monotonic() > until or (not self._take(0.1) and self.process.poll() is not None):
                raise AssertionError(f"{text!r} was never shown, but {self.shown!r}")

    def type(self, keys):
        os.write(self.master, keys)

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def end(self):
        """The exit code; negative: the signal that ended it. All that was shown is in `shown`."""
        until = time.monotonic() + SECONDS_MAX
        while self.process.poll() is None:
            self._take(0.1)
            if time.monotonic() > until:
                raise AssertionError(f"it does not end: {self.words}, {self.shown!r}")
        while self._take(0):
            pass
        return self.process.returncode
