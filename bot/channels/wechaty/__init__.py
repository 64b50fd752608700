"""The WeChat channel: an account behind a wechaty gateway (puppet service), over gRPC."""

from bot.channels.wechaty.channel import WechatyChannel
from bot.channels.wechaty.link import Timing

__all__ = ["Timing", "WechatyChannel"]
