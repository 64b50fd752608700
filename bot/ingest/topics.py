"""All that can be imported."""

from __future__ import annotations

from bot.ingest.costs import COSTS
from bot.ingest.members import MEMBERS
from bot.ingest.orders import ORDERS
from bot.ingest.views import VIEWS

TOPICS = (ORDERS, VIEWS, MEMBERS, COSTS)
