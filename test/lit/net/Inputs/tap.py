"""usage: tap.py PROGRAM CLIENT...
Runs a program that has the library OS in it (--ampoule-net=tap) on a tap device in
a network namespace of its own, and a client beside it that is 10.9.0.1 there and
ends when the program serves. {pid} in CLIENT is the program. The program
must still run then, and is ended."""
import os
import signal
import subprocess
import sys
import time

if sys.argv[1] != "--inside":
    os.environ["AMPOULE_TAP"] = "ampoule0"
    os.execvp("unshare", ["unshare", "-rn", sys.executable, sys.argv[0],
                          "--inside"] + sys.argv[1:])
del sys.argv[1]

for command in ("link set lo up", "tuntap add dev ampoule0 mode tap",
                "addr add 10.9.0.1/24 dev ampoule0",
                "link set ampoule0 up"):
    subprocess.run(["/sbin/ip"] + command.split(), check=True)
program = subprocess.Popen([sys.argv[1]])
try:
    client = subprocess.run(
        [word.replace("{pid}", str(program.pid)) for word in sys.argv[2:]],
        timeout=60 + int(os.environ.get("AMPOULE_SECONDS", "3")))
    time.sleep(0.1)
    if program.poll() is not None:
        sys.exit(f"the program has ended: {program.returncode}")
    sys.exit(client.returncode)
finally:
    program.send_signal(signal.SIGTERM)
    program.wait()
