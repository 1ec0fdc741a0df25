"""Plays a person at a terminal: `terminal.py STEPS COMMAND…`, STEPS a JSON list of [what is waited for, what is typed, hidden].

Prints {"code", "shown", "echoes"} where `shown` is all that the terminal showed, the echo of what was typed included. Before something
hidden is typed, the terminal must have stopped to show what is typed; where it does not in time, `shown` says so. A step
that types nothing only waits. `echoes` is whether the terminal shows at the end what is typed.
"""

import json
import os
import pty
import select
import sys
import termios
import time

PATIENCE = 30

steps = json.loads(sys.argv[1])
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])

shown = b""


def read(seconds):
    """Reads what comes in that time; False at the end."""
    global shown
    ready, _, _ = select.select([terminal], [], [], seconds)
    if not ready:
        return True
    try:
        chunk = os.read(terminal, 4096)
    except OSError:
        return False
    shown += chunk
    return bool(chunk)


def echoes():
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def gave_up(what):
    os.kill(child, 9)
    os.waitpid(child, 0)
    print(json.dumps({"code": -1, "shown": shown.decode() + f"\n(waited in vain for {what})"}))
    sys.exit()


seen = 0
for expected, typed, hidden in steps:
    end = time.monotonic() + PATIENCE
    while expected.encode() not in shown[seen:]:
        if time.monotonic() > end or not read(0.1):
            gave_up(repr(expected))
    seen += shown[seen:].index(expected.encode()) + len(expected.encode())
    while typed and hidden == echoes():
        if time.monotonic() > end:
            gave_up("a hidden line" if hidden else "a shown line")
        read(0.01)
    os.write(terminal, typed.encode())

while read(PATIENCE):
    pass
_, status = os.waitpid(child, 0)
code = os.waitstatus_to_exitcode(status)
print(json.dumps({"code": code, "shown": shown.decode(), "echoes": echoes()}))
