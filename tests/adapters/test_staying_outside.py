"""No socket goes inside: a process is watched by Python's own audit events while it is asked to call everywhere."""

import subprocess
import sys

PROGRAM = """
import asyncio, socket, sys
from ipaddress import ip_address

connected = []

def watch(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        connected.append(arguments[1][0])
        if arguments[1][0] != "127.0.0.1":
            raise PermissionError("seen, and kept from leaving this machine")

sys.addaudithook(watch)

from watchword.adapters.outward import OutwardClient
from watchword.domain.reach import Reach

HOSTS = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "0.0.0.0", "[::]", "169.254.169.254",
    "[fd00:ec2::254]", "10.0.0.1", "192.168.0.1", "172.16.0.1", "100.64.0.1", "localhost", "localhost.",
    "rebinds.example",
]

async def rebind(host):
    if host == "localhost":
        return [ip_address("127.0.0.1"), ip_address("::1")]
    answers.append(answers.pop(0))
    return [ip_address(answers[-1])]

answers = ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1"]

async def call_everywhere(port):
    client = OutwardClient(lookup=rebind)
    for host in HOSTS * 2:
        for scheme in ("http", "https"):
            for ending in ("", f":{port}", ":8443"):
                await client.post(f"{scheme}://{host}{ending}/", reach=Reach.PUBLIC, headers={}, body=b"", timeout_s=5)
    refused = list(connected)
    # The watch itself is seen to work: here the same address may be called.
    await client.post(f"http://127.0.0.1:{port}/", reach=Reach.THIS_MACHINE, headers={}, body=b"", timeout_s=5)
    await client.aclose()
    print(refused, connected)

async def main():
    async def hang_up(reader, writer):
        writer.close()
    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        await call_everywhere(server.sockets[0].getsockname()[1])

asyncio.run(main())
"""


def test_no_socket_goes_inside_whatever_the_address_looks_like() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("[] ['127.0.0.1']\n", "")
