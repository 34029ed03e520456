# Boots an image that serves, and runs clients against it.
#
# usage: serve.py 'RUN COMMAND' CLIENT [ARG ...]
#
# The run command is `ampoule run --net --forward …:0:PORT … IMAGE`. When the
# image says that it listens, the client runs, with {1}, {2}, … in its arguments
# replaced by the host's ports in the order of the --forward options. Its status
# is ours; the image's console goes to standard error.
import os
import re
import shlex
import signal
import subprocess
import sys
import threading

READY = os.environ.get("READY", "listening")  # in a line of its console
PATIENCE = 90  # seconds, for a machine that has other things to do


def finish(client):
    """Runs it, and ends it with all that it began when patience does."""
    process = subprocess.Popen(client, start_new_session=True)
    try:
        return process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        sys.stderr.write(f"serve.py: the client took more than {PATIENCE} s\n")
        return 1


def main():
    run = subprocess.Popen(shlex.split(sys.argv[1]), text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    watchdog = threading.Timer(PATIENCE, run.kill)
    watchdog.start()
    ports, serving = [], False
    status = 1
    try:
        for line in run.stdout:
            sys.stderr.write(line)
            if found := re.search(r"(\d+) leads to", line):
                ports.append(found[1])
            if READY in line:
                serving = True
                break
        if serving:
            drain = threading.Thread(
                target=lambda: sys.stderr.writelines(run.stdout), daemon=True)
            drain.start()
            client = [re.sub(r"\{(\d)\}", lambda m: ports[int(m[1]) - 1], word)
                      for word in sys.argv[2:]]
            status = finish(client)
    finally:
        watchdog.cancel()
        run.send_signal(signal.SIGINT)
        try:
            run.wait(timeout=10)
        except subprocess.TimeoutExpired:
            run.kill()
    sys.exit(status)


main()
