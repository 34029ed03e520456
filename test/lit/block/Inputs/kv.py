# usage: kv.py AMPOULE IMAGE
# Asks the sample, kills the machine, and asks again on the same disk.
import os
import re
import signal
import socket
import subprocess
import sys

ampoule, image = sys.argv[1:]


def talk(*requests):
    process = subprocess.Popen(
        [ampoule, "run", "--pvh", "--net", "--disk", "disk", "--forward",
         "tcp:0:7070", image], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True)
    port = None
    for line in process.stdout:
        if found := re.search(r"127\.0\.0\.1:(\d+) leads to", line):
            port = int(found[1])
        if line.startswith("kv: "):
            print(line.strip(), flush=True)
            break
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        stream = connection.makefile("rw")
        for request in requests:
            stream.write(request + "\n")
            stream.flush()
            print(stream.readline().strip(), flush=True)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


talk("PUT colour green as grass", "PUT gone x", "DELETE gone", "GET colour",
     "GET gone", "MOVE it")
talk("GET colour", "COUNT")
