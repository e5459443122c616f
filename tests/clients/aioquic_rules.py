"""Breaks one rule of QUIC on each connection and prints how the gateway closed it: PORT."""

import select
import socket
import sys
import time

from aioquic import tls
from aioquic.buffer import encode_uint_var as varint
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.packet import QuicFrameType, QuicPacketType
from aioquic.quic.packet_builder import QuicPacketBuilder

# Seconds after which a connection counts as still open.
REACTION_MAX = 5.0
# Seconds between two looks at the timers.
TICK = 0.05

INITIAL = (QuicPacketType.INITIAL, tls.Epoch.INITIAL)
HANDSHAKE = (QuicPacketType.HANDSHAKE, tls.Epoch.HANDSHAKE)
ONE_RTT = (QuicPacketType.ONE_RTT, tls.Epoch.ONE_RTT)

# Streams by who opens them.
OF_CLIENT, OF_SERVER, UNI_OF_CLIENT, UNI_OF_SERVER = 0, 1, 2, 3
BEYOND_COUNTS = (1 << 60) + 1
PATH_CHALLENGE = bytes([0x1A]) + bytes(8)
PING = b"\x01"


class Client(QuicConnection):
    """A client whose transport parameters and packets can be wrong, and that notes the gateway's close."""

    def __init__(self, parameters=None, extensions=None, alpn=("h3",)):
        configuration = QuicConfiguration(is_client=True, alpn_protocols=alpn and list(alpn), server_name="localhost")
        configuration.verify_mode = 0
        self.parameters = parameters
        self.extensions = extensions
        self.closed_with = None
        super().__init__(configuration=configuration)

    def _serialize_transport_parameters(self):
        own = super()._serialize_transport_parameters()
        return self.parameters(own) if self.parameters else own

    def _initialize(self, peer_cid):
        super()._initialize(peer_cid)
        if self.extensions is not None:
            self.tls.handshake_extensions = self.extensions

    def _handle_connection_close_frame(self, context, frame_type, buf):
        super()._handle_connection_close_frame(context, frame_type, buf)
        if self.closed_with is None:
            self.closed_with = self._close_event.error_code

    def packet(self, level, payload):
        """A datagram with one packet of these frames."""
        kind, epoch = level
        builder = QuicPacketBuilder(
            host_cid=self.host_cid,
            is_client=True,
            max_datagram_size=1200,
            packet_number=self._packet_number,
            peer_cid=self._peer_cid.cid,
            version=self._version,
        )
        builder.start_packet(kind, self._cryptos[epoch])
        builder._buffer.push_bytes(payload)
        datagrams, _ = builder.flush()
        self._packet_number = builder.packet_number
        return datagrams[0]

    def packet_with_bits(self, level, bits):
        """A datagram whose packet has these bits in its first byte."""
        pair = self._cryptos[level[1]]
        encrypt = pair.encrypt_packet
        pair.encrypt_packet = lambda header, payload, number: encrypt(
            bytes([header[0] | bits]) + header[1:], payload, number
        )
        datagram = self.packet(level, PING + bytes(8))
        del pair.encrypt_packet
        return datagram

    def empty_packet(self):
        """A datagram whose 1-RTT packet has no frame. A packet number of four bytes leaves enough to sample."""
        number = self._packet_number
        self._packet_number += 1
        pair = self._cryptos[tls.Epoch.ONE_RTT]
        header = bytes([0x43 | pair.key_phase << 2]) + self._peer_cid.cid + number.to_bytes(4, "big")
        return pair.send.encrypt_packet(header, b"", number)


def frame(kind, *numbers, rest=b""):
    """A frame of integers, with bytes behind them."""
    return varint(kind) + b"".join(map(varint, numbers)) + rest


def stream(number, offset=0, body=b"x", end=False):
    """A STREAM frame with offset and length."""
    return frame(0x0E | end, number, offset, len(body), rest=body)


def crypto(body, offset=0):
    """A CRYPTO frame."""
    return frame(QuicFrameType.CRYPTO, offset, len(body), rest=body)


def new_connection_id(sequence, retired, length):
    """A NEW_CONNECTION_ID frame."""
    return frame(0x18, sequence, retired, rest=bytes([length]) + bytes([sequence]) * (length + 16))


def parameter(number, value):
    """A transport parameter."""
    return varint(number) + varint(len(value)) + value


def read_parameters(encoded):
    """The pairs of encoded transport parameters."""
    buffer, pairs = tls.Buffer(data=encoded), []
    while not buffer.eof():
        number = buffer.pull_uint_var()
        pairs.append((number, buffer.pull_bytes(buffer.pull_uint_var())))
    return pairs


def without(number):
    """Leaves a parameter out."""
    return lambda own: b"".join(parameter(*pair) for pair in read_parameters(own) if pair[0] != number)


def with_value(number, value):
    """Sets a parameter to these bytes."""
    return lambda own: without(number)(own) + parameter(number, value)


def with_integer(number, value):
    """Sets a parameter to this integer."""
    return with_value(number, varint(value))


def at(level, payload):
    """Sends these frames in a packet of a level."""
    return level, lambda client: client.packet(level, payload)


def bits(level, mask):
    """Sends a packet with these bits in its first byte."""
    return level, lambda client: client.packet_with_bits(level, mask)


def later(payload):
    """Sends these frames once the handshake is done."""
    return at(ONE_RTT, payload)


# Clients whose first flight is wrong.
HANDSHAKES = {
    "no initial_source_connection_id": {"parameters": without(0x0F)},
    "another initial_source_connection_id": {"parameters": with_value(0x0F, b"another")},
    "original_destination_connection_id": {"parameters": with_value(0x00, bytes(8))},
    "stateless_reset_token": {"parameters": with_value(0x02, bytes(16))},
    "preferred_address": {"parameters": with_value(0x0D, bytes(24) + b"\x04" + bytes(4 + 16))},
    "retry_source_connection_id": {"parameters": with_value(0x10, bytes(8))},
    "max_udp_payload_size of 1199": {"parameters": with_integer(0x03, 1199)},
    "ack_delay_exponent of 21": {"parameters": with_integer(0x0A, 21)},
    "max_ack_delay of 2^14": {"parameters": with_integer(0x0B, 1 << 14)},
    "active_connection_id_limit of 1": {"parameters": with_integer(0x0E, 1)},
    "initial_max_streams_bidi beyond 2^60": {"parameters": with_integer(0x08, BEYOND_COUNTS)},
    "initial_max_streams_uni beyond 2^60": {"parameters": with_integer(0x09, BEYOND_COUNTS)},
    "a parameter twice": {"parameters": lambda own: own + parameter(0x04, varint(9))},
    "a parameter that is cut": {"parameters": lambda own: own + varint(0x21) + varint(9)},
    "no transport parameters": {"extensions": []},
    "no ALPN": {"alpn": None},
    "an unknown ALPN": {"alpn": ("h9",)},
}

# Packets that are wrong, and the level at which they are sent.
PACKETS = {
    "reserved bits in Initial": bits(INITIAL, 0x0C),
    "reserved bits in Handshake": bits(HANDSHAKE, 0x0C),
    "reserved bits in a short header": bits(ONE_RTT, 0x18),
    "a packet without frames": (ONE_RTT, Client.empty_packet),
    "STREAM in Initial": at(INITIAL, stream(OF_CLIENT)),
    "PATH_CHALLENGE in Initial": at(INITIAL, PATH_CHALLENGE),
    "MAX_DATA in Initial": at(INITIAL, frame(0x10, 9)),
    "HANDSHAKE_DONE in Initial": at(INITIAL, frame(0x1E) + bytes(4)),
    "STREAM in Handshake": at(HANDSHAKE, stream(OF_CLIENT)),
    "PATH_CHALLENGE in Handshake": at(HANDSHAKE, PATH_CHALLENGE),
    "NEW_CONNECTION_ID in Handshake": at(HANDSHAKE, new_connection_id(1, 0, 8)),
    "an unknown frame": later(frame(0x3F) + bytes(8)),
    "a frame that is cut": later(frame(0x0E, OF_CLIENT, 0, 200, rest=b"x")),
    "a DATAGRAM that was not negotiated": later(frame(0x31, 1, rest=b"x")),
    "ACK of a packet that was not sent": later(frame(0x02, 1 << 20, 0, 0, 0)),
    "STREAM beyond the window": later(stream(OF_CLIENT, offset=1 << 40)),
    "STREAM beyond 2^62": later(stream(OF_CLIENT, offset=(1 << 62) - 1, body=b"xx")),
    "STREAM beyond the number of streams": later(stream(OF_CLIENT + 4 * 100_000)),
    "STREAM on a stream of the server": later(stream(OF_SERVER)),
    "STREAM on a unidirectional stream of the server": later(stream(UNI_OF_SERVER)),
    "STREAM beyond its final size": later(stream(OF_CLIENT, body=b"{", end=True) + stream(OF_CLIENT, offset=9)),
    "RESET_STREAM with another final size": later(stream(OF_CLIENT, body=b"xyz") + frame(0x04, OF_CLIENT, 0, 1)),
    "RESET_STREAM on a unidirectional stream of the server": later(frame(0x04, UNI_OF_SERVER, 0, 0)),
    "STOP_SENDING on a stream of the server": later(frame(0x05, OF_SERVER, 0)),
    "STOP_SENDING on a unidirectional stream of the client": later(frame(0x05, UNI_OF_CLIENT, 0)),
    "MAX_STREAM_DATA on a stream of the server": later(frame(0x11, OF_SERVER, 9)),
    "MAX_STREAM_DATA on a unidirectional stream of the client": later(frame(0x11, UNI_OF_CLIENT, 9)),
    "STREAM_DATA_BLOCKED on a unidirectional stream of the server": later(frame(0x15, UNI_OF_SERVER, 9)),
    "MAX_STREAMS beyond 2^60": later(frame(0x12, BEYOND_COUNTS)),
    "MAX_STREAMS of unidirectional ones beyond 2^60": later(frame(0x13, BEYOND_COUNTS)),
    "STREAMS_BLOCKED beyond 2^60": later(frame(0x16, BEYOND_COUNTS)),
    "STREAMS_BLOCKED of unidirectional ones beyond 2^60": later(frame(0x17, BEYOND_COUNTS)),
    "NEW_TOKEN": later(frame(0x07, 1, rest=b"x")),
    "NEW_CONNECTION_ID that retires itself": later(new_connection_id(20, 21, 8)),
    "NEW_CONNECTION_ID of 0 bytes": later(new_connection_id(20, 0, 0)),
    "NEW_CONNECTION_ID of 21 bytes": later(new_connection_id(20, 0, 21)),
    "more NEW_CONNECTION_ID than allowed": later(b"".join(new_connection_id(n, 0, 8) for n in range(40, 60))),
    "RETIRE_CONNECTION_ID that was not issued": later(frame(0x19, 999)),
    "HANDSHAKE_DONE": later(frame(0x1E) + bytes(4)),
    "KeyUpdate of TLS in Handshake": at(HANDSHAKE, crypto(bytes([24, 0, 0, 1, 0]))),
    "KeyUpdate of TLS in a short header": later(crypto(bytes([24, 0, 0, 1, 0]))),
    "EndOfEarlyData of TLS": at(HANDSHAKE, crypto(bytes([5, 0, 0, 0]))),
    "CRYPTO far ahead": later(crypto(b"x", offset=1 << 30)),
}


def connect(port, client, level=None, make=None):
    """Connects, sends what is wrong as soon as its level has keys, and returns the code of the close."""
    address = ("127.0.0.1", port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(address)
        udp.setblocking(False)
        client.connect(address, now=time.monotonic())
        deadline = time.monotonic() + REACTION_MAX
        while client.closed_with is None and time.monotonic() < deadline:
            if make and is_ready(client, level):
                # Whatever the client has to send goes first, but not its Finished, after which the gateway
                # has no keys for Handshake.
                if level != HANDSHAKE:
                    flush(udp, client)
                udp.send(make(client))
                make = None
            flush(udp, client)
            receive(udp, client, address)
        return client.closed_with


def is_ready(client, level):
    """Whether packets of this level can be sent and are read."""
    if level == ONE_RTT:
        return client._handshake_confirmed
    return client._cryptos[level[1]].send.is_valid()


def flush(udp, client):
    """Sends what the client has to send."""
    for datagram, _ in client.datagrams_to_send(now=time.monotonic()):
        udp.send(datagram)


def receive(udp, client, address):
    """Waits for a datagram or the next tick."""
    if select.select([udp], [], [], TICK)[0]:
        client.receive_datagram(udp.recv(2048), address, now=time.monotonic())
    timer = client.get_timer()
    if timer is not None and timer <= time.monotonic():
        client.handle_timer(now=time.monotonic())


def report(name, code):
    """Prints how a connection ended."""
    print(f"{name}: {'still open' if code is None else f'closed with {code:#x}'}", flush=True)


def main(port):
    for name, options in HANDSHAKES.items():
        report(name, connect(port, Client(**options)))
    for name, (level, make) in PACKETS.items():
        report(name, connect(port, Client(), level, make))


main(int(sys.argv[1]))
