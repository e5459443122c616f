"""A check-in, a refusal and a large answer over HTTP/3 by aioquic: PORT CERTIFICATE VENUE-CODE PERSON-CODE."""

import asyncio
import json
import ssl
import sys

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration


class Client(QuicConnectionProtocol):
    """Sends requests and collects their answers."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.http = H3Connection(self._quic)
        self.answers = {}
        self.waiting = {}

    def quic_event_received(self, event):
        for part in self.http.handle_event(event):
            answer = self.answers.setdefault(part.stream_id, {"headers": {}, "body": b""})
            if isinstance(part, HeadersReceived):
                answer["headers"].update((name.decode(), value.decode()) for name, value in part.headers)
            elif isinstance(part, DataReceived):
                answer["body"] += part.data
            if part.stream_ended and part.stream_id in self.waiting:
                self.waiting.pop(part.stream_id).set_result(answer)

    async def send(self, method, path, body=b""):
        """Sends one request and returns the whole answer."""
        stream = self._quic.get_next_available_stream_id()
        headers = [(":method", method), (":scheme", "https"), (":authority", "localhost"), (":path", path)]
        encoded = [(name.encode(), value.encode()) for name, value in headers]
        self.http.send_headers(stream, encoded, end_stream=not body)
        if body:
            self.http.send_data(stream, body, end_stream=True)
        self.waiting[stream] = asyncio.get_running_loop().create_future()
        done = self.waiting[stream]
        self.transmit()
        return await asyncio.wait_for(done, 120)


def check(is_so, what, answer):
    """Exits with the answer if a check fails."""
    if not is_so:
        sys.exit(f"{what}: {answer['headers']} {answer['body'][:500]!r}")


async def main(port, certificate, venue, person):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name="localhost")
    configuration.load_verify_locations(certificate)
    configuration.verify_mode = ssl.CERT_REQUIRED
    async with connect("127.0.0.1", port, configuration=configuration, create_protocol=Client) as client:
        scan = json.dumps({"venue": venue, "person": person}).encode()
        first = await client.send("POST", "/v1/check-ins", scan)
        check(first["headers"][":status"] == "200", "a check-in", first)
        check(json.loads(first["body"])["colour"] == "green", "its colour", first)
        again = await client.send("POST", "/v1/check-ins", scan)
        check(again["body"] == first["body"], "a repeated check-in", again)
        refused = await client.send("POST", "/v1/check-ins", b"{")
        check(refused["headers"][":status"] == "400", "a malformed one", refused)
        check(refused["headers"]["content-type"] == "application/problem+json", "its type", refused)
        document = await client.send("GET", "/openapi.json")
        check(json.loads(document["body"])["openapi"] == "3.1.0", "the document", document)
    print(json.dumps({"client": "aioquic", "id": json.loads(first["body"])["id"]}))


asyncio.run(main(int(sys.argv[1]), *sys.argv[2:5]))
