"""usage: frames.py PORT [SEED]
Sends frames that are broken at random to the name server at 10.9.0.2, for
AMPOULE_SECONDS (3), and asks it before and after. It runs within tap.py."""
import os
import random
import socket
import struct
import subprocess
import sys
import time

SERVER, PORT = "10.9.0.2", int(sys.argv[1])
QUESTION = (b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
            b"\x07example\x03org\x00\x00\x01\x00\x01")


def ask():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.5)
        for _ in range(40):
            try:
                s.sendto(QUESTION, (SERVER, PORT))
                if s.recv(512)[:2] == QUESTION[:2]:
                    break
            except OSError:
                pass
        else:
            return "silent"
    with socket.create_connection((SERVER, PORT), timeout=20) as s:
        s.sendall(struct.pack("!H", len(QUESTION)) + QUESTION)
        return "answered" if s.recv(512) else "closed"


def checksum(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H",
                              data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack("!H", ~total & 0xffff)


def with_sums(frame):
    """Correct sums, so that what is wrong gets past them."""
    f = bytearray(frame)
    if f[12:14] != b"\x08\x00" or len(f) < 34:
        return bytes(f)
    header = 14 + (f[14] & 15) * 4
    f[24:26] = b"\0\0"
    f[24:26] = checksum(bytes(f[14:header]))
    place = {1: 2, 6: 16, 17: 6}.get(f[23])
    if place is None or len(f) < header + place + 2:
        return bytes(f)
    at = header + place
    f[at:at + 2] = b"\0\0"
    body = bytes(f[header:])
    pseudo = bytes(f[26:34]) + struct.pack("!BBH", 0, f[23], len(body))
    f[at:at + 2] = checksum((b"" if f[23] == 1 else pseudo) + body)
    return bytes(f)


def ipv4(protocol, body, identification=1, fragment=0):
    return (b"\x08\x00\x45\x00" +
            struct.pack("!HHHBBH", 20 + len(body), identification, fragment, 64,
                        protocol, 0) +
            socket.inet_aton("10.9.0.1") + socket.inet_aton(SERVER) + body)


def ipv6(protocol, body, source="fe80::1", destination="ff02::1"):
    pseudo = (socket.inet_pton(socket.AF_INET6, source) +
              socket.inet_pton(socket.AF_INET6, destination))
    sum_ = checksum(pseudo + struct.pack("!II", len(body), protocol) + body)
    return (b"\x86\xdd\x60\0\0\0" +
            struct.pack("!HBB", len(body), protocol, 255) + pseudo +
            body[:2] + sum_ + body[4:])


def templates(own, its):
    udp = struct.pack("!HHHH", 4000, PORT, 8 + len(QUESTION), 0) + QUESTION
    syn = struct.pack("!HHIIBBHHH", 4001, PORT, 1, 0, 0x60, 2, 4096, 0, 0)
    options = b"\x02\x04\x05\xb4"
    payloads = [
        b"\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01" + own +
        socket.inet_aton("10.9.0.1") + b"\0" * 6 + socket.inet_aton(SERVER),
        ipv4(1, b"\x08\0\0\0\0\x01\0\x01" + b"x" * 40),
        ipv4(17, udp), ipv4(17, udp[:24], 7, 0x2000), ipv4(17, udp[24:], 7, 3),
        ipv4(6, syn + options), ipv4(2, b"\x11\x0a\0\0\0\0\0\0"),
        ipv6(58, b"\x86\0\0\0\x40\0\x07\x08" + b"\0" * 8 +
             b"\x03\x04\x40\xc0" + struct.pack("!III", 900, 900, 0) +
             socket.inet_pton(socket.AF_INET6, "2001:db8::")),
        ipv6(58, b"\x87\0\0\0\0\0\0\0" +
             socket.inet_pton(socket.AF_INET6, "fe80::2") + b"\x01\x01" + own),
        ipv6(58, b"\x82\0\0\0\0\x10\0\0" + b"\0" * 16),
    ]
    return [with_sums(its + own + payload) for payload in payloads]


def main():
    print("before:", ask())
    seed = int(sys.argv[2]) if sys.argv[2:] else random.randrange(1 << 32)
    print("seed", seed, flush=True)
    draw = random.Random(seed)
    interface = os.environ["AMPOULE_TAP"]
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    raw.bind((interface, 0))
    raw.setblocking(False)
    own = raw.getsockname()[4]
    with open("/proc/net/arp") as table:
        its = bytes.fromhex(next(line.split()[3] for line in table
                                 if line.startswith(SERVER)).replace(":", ""))
    frames = templates(own, its)
    end = time.time() + float(os.environ.get("AMPOULE_SECONDS", "3"))
    while time.time() < end:
        # What the host itself sends is broken, too: connections under way.
        try:
            heard = raw.recvfrom(2000)
            if heard[1][2] == socket.PACKET_OUTGOING and len(frames) < 300:
                frames.append(heard[0])
        except BlockingIOError:
            pass
        frame = bytearray(draw.choice(frames))
        for _ in range(draw.choice((0, 1, 1, 2, 4, 16))):
            place = draw.randrange(12, len(frame))
            frame[place] = draw.choice(
                (draw.randrange(256), 0, 255, frame[place] ^ 1 << draw.randrange(8)))
        if draw.random() < 0.2:
            del frame[draw.randrange(14, len(frame)):]
        elif draw.random() < 0.1:
            frame += draw.randbytes(draw.randrange(1, 1514 - len(frame)))
        frame = bytes(frame)
        try:
            raw.send(with_sums(frame) if draw.random() < 0.7 else frame)
        except OSError:
            time.sleep(0.001)
    # The other side believes what a broken ARP said of us, until we ask it again.
    subprocess.run(["/sbin/ip", "neigh", "flush", "dev", interface], check=True)
    print("after:", ask())


main()
