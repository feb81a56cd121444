"""MQTT: what the face does, in words and as JSON, to a broker."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import ssl
from typing import TYPE_CHECKING, Final

from vtdrive import __version__
from vtdrive.config.sinks import MqttSink
from vtdrive.errors import MissingExtra, SinkError, SinkUnusable
from vtdrive.secrets import secret
from vtdrive.sinks.looping import LoopSink
from vtdrive.sinks.udp import endpoint
from vtdrive.types import AvatarFrame, RigSchema
from vtdrive.wire.mqtt_topics import OFFLINE, ONLINE, Message, Topics, discovery, words
from vtdrive.wire.stream import FrameTemplate

if TYPE_CHECKING:
    import aiomqtt

__all__ = ["MqttOutput"]

_ANSWER_S: Final = 4.0
_GOODBYE_S: Final = 1.0
_KEEPALIVE_S: Final = 15
"""A vtdrive that vanishes without a word is `offline` after one and a half of these."""
_REFUSED_LOGIN: Final = frozenset({4, 5, 134, 135})
"""CONNACK codes of MQTT 3.1.1 and 5: bad user name or password, not authorised."""

_LOGGER: Final = logging.getLogger("vtdrive.mqtt")
# What goes wrong stands in `stats`; by default the client's own words would go to stderr.
_LOGGER.addHandler(logging.NullHandler())
_LOGGER.propagate = False


class MqttOutput(LoopSink):
    """Publishes to one broker below one prefix; what is retained is told anew after each reconnect.

    Raises MissingExtra where aiomqtt is not installed.
    """

    def __init__(self, config: MqttSink) -> None:
        if importlib.util.find_spec("aiomqtt") is None:
            raise MissingExtra("mqtt://", 'pip install "vtdrive[mqtt]"')
        where = endpoint(config.host, config.port)
        super().__init__(
            name=f"mqtt {where}", target=f"mqtt:{where}/{config.prefix}", profile=config.profile
        )
        self._config = config
        self._topics = Topics(config.prefix)
        self._template: FrameTemplate | None = None
        self._shown: RigSchema | None = None
        self._first_ns: int | None = None
        self._told: dict[str, str] = {}

    async def serve(self) -> None:
        import aiomqtt

        will = aiomqtt.Will(self._topics.status, OFFLINE, qos=1, retain=True)
        config = self._config
        password = await asyncio.to_thread(self._password) if config.user else None
        client = aiomqtt.Client(
            config.host,
            config.port,
            username=config.user or None,
            password=password,
            will=will,
            timeout=_ANSWER_S,
            keepalive=_KEEPALIVE_S,
            tls_context=self._tls(),
            logger=_LOGGER,
        )
        try:
            async with client:
                await self._greet(client)
                while (frame := await self.newest()) is not None:
                    await self._tell(client, frame)
                await self._put(client, Message(self._topics.status, OFFLINE), qos=1)
        except aiomqtt.MqttError as fault:
            if self.closing and self.stats.connected:
                return  # the broker went first; by its will it says `offline` itself
            raise self._explained(fault) from fault

    async def _greet(self, client: aiomqtt.Client) -> None:
        self._told = {}
        if self._config.discovery:
            for message in discovery(
                self._topics, self._config.discovery_prefix, version=__version__
            ):
                await self._put(client, message, qos=1)
        await self._put(client, Message(self._topics.status, ONLINE), qos=1)
        self.mended()

    async def _tell(self, client: aiomqtt.Client, frame: AvatarFrame) -> None:
        for name, word in words(frame).items():
            if self._told.get(name) != word:
                # At least once: a lost "neutral" would leave the lamp red for good.
                await self._put(client, Message(self._topics.word(name), word), qos=1)
                self._told[name] = word
        text = self._state(frame)
        if text is not None:
            await self._put(client, Message(self._topics.state, text, retain=False), qos=0)

    def _state(self, frame: AvatarFrame) -> str | None:
        schema = self.schema
        if schema is None or len(schema.params) != len(frame.poses[self.profile].params):
            return None  # names changed just now: the next frame fits them
        if self._template is None or schema is not self._shown:
            self._shown = schema
            self._template = FrameTemplate(schema, self.profile, self._config.fields)
        if self._first_ns is None:
            self._first_ns = frame.t_ns
        return self._template.fill(frame, t_s=(frame.t_ns - self._first_ns) * 1e-9)

    async def _put(self, client: aiomqtt.Client, message: Message, *, qos: int) -> None:
        limit_s = _GOODBYE_S if self.closing else _ANSWER_S
        await client.publish(
            message.topic, message.payload, qos=qos, retain=message.retain, timeout=limit_s
        )
        self.stats.packets += 1
        self.stats.bytes_sent += len(message.topic) + len(message.payload.encode())

    def _password(self) -> str | None:
        config = self._config
        return secret(
            config.password,
            env=config.password_env,
            service=config.keyring_service,
            account=config.user,
        )

    def _tls(self) -> ssl.SSLContext | None:
        if not self._config.tls:
            return None
        try:
            return ssl.create_default_context(cafile=self._config.ca_file or None)
        except (OSError, ValueError) as fault:
            raise SinkUnusable(
                f"{self.name}: cannot read the certificate {self._config.ca_file}",
                "name a PEM file after ca_file=",
            ) from fault

    def _explained(self, fault: aiomqtt.MqttError) -> SinkError:
        code = getattr(getattr(fault, "rc", None), "value", getattr(fault, "rc", None))
        if code in _REFUSED_LOGIN and not self.stats.connected:
            user = self._config.user
            who = f"the user {user!r} or the password" if user else "a client without a user"
            return SinkUnusable(
                f"{self.name}: the broker does not accept {who}",
                f"give user= and the password (environment variable {self._config.password_env}"
                f" or `keyring set {self._config.keyring_service} USER`), then start again",
            )
        reason = str(fault)
        for piece, what, remedy in _REASONS:
            if piece in reason.lower():
                return SinkError(f"{self.name}: {what}", remedy)
        return SinkError(f"{self.name}: {reason or 'the connection was lost'}", _AGAIN)


_AGAIN: Final = "trying again by itself; look at the broker"
_REASONS: Final = (
    ("certificate", "the broker's certificate is not trusted",
     "give the certificate that signed it: ca_file=FILE, and call the broker by the name in it"),
    ("ssl", "the broker does not speak TLS on this port", "leave out tls=true, or try port 8883"),
    ("refused", "nobody listens there", "start the broker, or correct host and port"),
    ("not known", "no such host", "correct the host's name"),
    ("name resolution", "no such host", "correct the host's name"),
    ("getaddrinfo", "no such host", "correct the host's name"),
    ("timed out", "no answer", "is it an MQTT broker? TLS brokers want tls=true (port 8883)"),
    ("unreachable", "no route to the broker", "check the network"),
    ("not currently connected", "the broker went away", "trying again by itself"),
    ("connection was lost", "the broker went away", "trying again by itself"),
    ("disconnected", "the broker went away", "trying again by itself"),
)  # fmt: skip
"""What the client library says -> what that means -> what to do."""
