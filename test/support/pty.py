"""Runs a command in a pseudo terminal: pty.py COLUMNS ROWS COMMAND...

What the command writes goes to stdout as it is. Each line of stdin is a JSON object: {"keys": "q"}, {"resize": [100, 30]},
{"signal": "SIGTERM"}, {"hangup": true}. At the end one JSON object on stderr: the exit status, and whether the terminal's
settings are what they were.
"""
import fcntl
import json
import os
import select
import signal
import struct
import sys
import termios


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def drain(terminal, inside):
    """What is still on its way to the terminal: all that arrives before a mark which is written last."""
    mark = os.urandom(16).hex().encode()
    unwritten, read = mark, b""
    while mark not in read:
        readable, writable, _ = select.select([terminal], [inside] if unwritten else [], [])
        if writable:
            unwritten = unwritten[os.write(inside, unwritten) :]
        if readable:
            read += os.read(terminal, 65536)
    return read.replace(mark, b"")


def main():
    columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    terminal, inside = os.openpty()
    resize(inside, columns, rows)
    before = termios.tcgetattr(inside)
    child = os.fork()
    if child == 0:
        os.setsid()
        fcntl.ioctl(inside, termios.TIOCSCTTY, 0)
        for descriptor in (0, 1, 2):
            os.dup2(inside, descriptor)
        os.close(terminal)
        os.close(inside)
        os.execvp(command[0], command)
    # The terminal's settings outlive the child only while somebody has it open.
    buffered, listening, hung_up = b"", True, False
    status = None
    while status is None:
        sources = ([] if hung_up else [terminal]) + ([0] if listening else [])
        ready, _, _ = select.select(sources, [], [], 0.02)
        if terminal in ready:
            os.write(1, os.read(terminal, 65536))
        if 0 in ready:
            chunk = os.read(0, 65536)
            listening = chunk != b""
            buffered += chunk
            *lines, buffered = buffered.split(b"\n")
            for order in map(json.loads, lines):
                if "keys" in order:
                    os.write(terminal, order["keys"].encode())
                if "resize" in order:
                    resize(terminal, *order["resize"])
                if "signal" in order:
                    os.kill(child, getattr(signal, order["signal"]))
                if "hangup" in order:
                    os.close(inside)
                    os.close(terminal)
                    hung_up = True
        ended, raw = os.waitpid(child, os.WNOHANG)
        if ended:
            status = os.waitstatus_to_exitcode(raw)
    restored = None
    if not hung_up:
        restored = termios.tcgetattr(inside)[:4] == before[:4]
        os.write(1, drain(terminal, inside))
    print(json.dumps({"status": status, "restored": restored}), file=sys.stderr)


main()
