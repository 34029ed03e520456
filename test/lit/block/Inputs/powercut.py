# usage: powercut.py AMPOULE IMAGE ROUNDS SEED
# Runs IMAGE on the disk `disk` and kills the machine at a random moment, again
# and again. After each cut the database has to be whole, and to have every number
# of which the program said that it was committed.
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

ampoule, image, rounds, seed = sys.argv[1:]
seed = int(seed) or random.randrange(1 << 31)
print("seed", seed)
chance = random.Random(seed)
environment = dict(os.environ, MTOOLS_SKIP_CHECK="1",
                   PATH=os.environ["PATH"] + ":/usr/sbin")
most = 0


def tool(*command):
    return subprocess.run(command, env=environment, text=True,
                          capture_output=True)


def cut():
    """Runs the image until it is killed; the numbers that it said."""
    process = subprocess.Popen(
        [ampoule, "run", "--quiet", "--pvh", "--disk", "disk", image],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True)
    lines = []
    begun = threading.Event()

    def read():
        for line in process.stdout:
            lines.append(line.strip())
            begun.set()
        begun.set()

    reader = threading.Thread(target=read)
    reader.start()
    begun.wait(120)
    time.sleep(chance.uniform(0, 3))
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    reader.join()
    if any("failed" in line for line in lines) or not lines:
        sys.exit("the program: " + "\n".join(lines))
    return [int(n) for line in lines
            for n in re.findall(r"^committed (\d+)$", line)]


for number in range(int(rounds)):
    said = cut()
    most = max([most] + said)
    shutil.copy("disk", "copy")
    for name in ("db", "db-journal"):
        if os.path.exists(name):
            os.unlink(name)
        tool("mcopy", "-n", "-i", "copy", "::" + name, name)
    answer = tool("sqlite3", "-batch", "-init", "/dev/null", "-list", "db",
                  "pragma integrity_check; select count(*), max(n) from t;")
    found = answer.stdout.split()
    if len(found) != 2 or found[0] != "ok":
        sys.exit(f"round {number}: {answer.stdout}{answer.stderr}")
    count, last = map(int, found[1].split("|"))
    if count != last or last < most:
        sys.exit(f"round {number}: committed {most}, but there are {count} up to"
                 f" {last}")
print("every round is whole:", most > 0)
