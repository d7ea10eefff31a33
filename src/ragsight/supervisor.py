"""Run a program until it ends, or until the parent is gone; see `ragsight.processes.supervised`.

This file is run by its path, without the package, so that it starts in a few milliseconds.
"""

import os
import resource
import select
import signal
import subprocess
import sys


def main() -> None:
    """Run the program that the arguments name."""
    waking, wake = os.pipe()
    for end in (waking, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    while program.poll() is None:
        ready, _, _ = select.select([0, waking], [], [])
        if 0 in ready and not os.read(0, 1024):
            # Nobody holds the other end of the pipe any more.
            os.killpg(0, signal.SIGKILL)
        if waking in ready:
            os.read(waking, 1024)
    code = program.returncode
    if code < 0:
        # End as it did, so that whoever waits for us sees the signal. A dump was written already.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main()
