#!/usr/bin/env python3
"""vlan-port.py INTERFACE TAG TAP: what a switch's port does for a network that is tagged on a trunk, for a kernel without 802.1Q.

Frames of INTERFACE that carry TAG come out of the new tap device TAP without it, and what goes into TAP goes to INTERFACE with it.
"""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
ETH_P_ALL, ETHERTYPE_VLAN = 0x0003, 0x8100
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC, PACKET_AUXDATA = 263, 1, 1, 8
TP_STATUS_VLAN_VALID = 1 << 4


def tag_of(frame, ancillary):
    """Its VLAN, and the frame without the tag. The kernel may have taken the tag out, and says so beside the frame."""
    for level, kind, data in ancillary:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, _ = struct.unpack("IIIHHHH", data[:20])
            if status & TP_STATUS_VLAN_VALID:
                return tci & 0xFFF, frame
    if frame[12:14] == struct.pack("!H", ETHERTYPE_VLAN):
        return struct.unpack("!H", frame[14:16])[0] & 0xFFF, frame[:12] + frame[16:]
    return None, frame


def main():
    interface, tag, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    trunk = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    trunk.bind((interface, 0))
    trunk.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    everything = struct.pack("iHH8s", socket.if_nametoindex(interface), PACKET_MR_PROMISC, 0, b"")
    trunk.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, everything)
    header = struct.pack("!HH", ETHERTYPE_VLAN, tag)
    while True:
        ready, _, _ = select.select([tap, trunk], [], [])
        if tap in ready:
            frame = os.read(tap, 65535)
            trunk.send(frame[:12] + header + frame[12:])
        if trunk in ready:
            frame, ancillary, _, address = trunk.recvmsg(65535, 256)
            found, plain = tag_of(frame, ancillary)
            if found == tag and address[2] != socket.PACKET_OUTGOING:
                os.write(tap, plain)


main()
