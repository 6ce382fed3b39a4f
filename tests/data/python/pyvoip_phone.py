"""A phone on pyVoIP, run by a test: its settings as one line of JSON on standard input, then `quit`. What happens is
printed as one line of JSON each: {"event": …}, and every SIP message as {"sent": …} or {"received": …}."""

import json
import socket
import sys
import time


def say(**what):
    print(json.dumps(what), flush=True)


class TracedSocket(socket.socket):
    """A socket that tells of every datagram it carries."""

    def sendto(self, octets, *rest):
        say(sent=octets.decode("utf8", "replace"))
        return super().sendto(octets, *rest)

    def recv(self, *rest):
        octets = super().recv(*rest)
        say(received=octets.decode("utf8", "replace"))
        return octets


socket.socket = TracedSocket

from pyVoIP.VoIP import PhoneStatus, VoIPPhone  # noqa: E402  (it takes the socket class at its import)

REGISTER_LIMIT_SECONDS = 20

settings = json.loads(sys.stdin.readline())
phone = VoIPPhone(
    settings["host"],
    settings["port"],
    settings["username"],
    settings["password"],
    myIP="127.0.0.1",
    sipPort=settings["own_port"],
)
phone.sip.default_expires = settings["expires"]
phone.start()
deadline = time.monotonic() + REGISTER_LIMIT_SECONDS
while phone.get_status() == PhoneStatus.REGISTERING and time.monotonic() < deadline:
    time.sleep(0.02)
say(event="registered" if phone.get_status() == PhoneStatus.REGISTERED else "failed")
for command in sys.stdin:
    if command.strip() == "quit":
        break
phone.stop()
say(event="ended")
