"""A group in the terminal: a cast of members at one keyboard, the bot among them, and a clock to move."""

from bot.channels.console.cast import Cast
from bot.channels.console.channel import ROOM_ID, ConsoleChannel
from bot.channels.console.stage import Stage

__all__ = ["ROOM_ID", "Cast", "ConsoleChannel", "Stage"]
