"""What the twelve, a colleague and an expert did in November.

All twelve were there from October on, but for L who came on 10 November; M left on the 20th. So ten are
counted. A, B and C did something in November, D in September; a colleague and an expert did much.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.people import roles
from bot.people.points import Entry, give
from bot.scoring import book
from bot.scoring.levels import Standing
from bot.store.figures import activity
from bot.store.session import insert_new
from bot.store.tables import complaint_case, outgoing, texts
from bot.store.transaction import Transaction
from tests.scoring.community import EXPERT, ROOM, STAFF, WHO, at, day, happen, live_in


def live_through_november(tx: Transaction) -> None:
    people(tx)
    acts(tx)
    works(tx)
    answers(tx)
    posts(tx)
    comings(tx)
    feelings(tx)


def people(tx: Transaction) -> None:
    live_in(tx, {*WHO.values(), STAFF, EXPERT} - {WHO["L"], WHO["M"]}, joined_at=at(1, month=10))
    live_in(tx, [WHO["L"]], joined_at=at(10))
    live_in(tx, [WHO["M"]], joined_at=at(1, month=10), left_at=at(20, 12))
    roles.give(tx, STAFF, "同事", None)
    roles.give(tx, EXPERT, "营养师", None)


def acts(tx: Transaction) -> None:
    did = [
        ("A", at(3), 7, 4),
        ("A", at(9), 3, 2),
        ("B", at(30), 4, 4),
        ("C", at(1), 1, 0),
        ("D", at(9, month=9), 5, 5),
        ("L", at(12), 5, 5),
    ]
    rows = [(WHO[who], day(when), times, own) for who, when, times, own in did]
    rows += [(STAFF, day(at(3)), 99, 99), (EXPERT, day(at(3)), 50, 50)]
    names = ("identity_id", "day", "acts", "own")
    insert_new(
        tx.connection, activity, [{**dict(zip(names, row, strict=True)), "room_id": ROOM} for row in rows]
    )


def works(tx: Transaction) -> None:
    """A's first stands (we might use it, until A took that back), the second was rejected, the third waits;
    B's was out and came back, L's stands, C's was withdrawn. All are of a challenge from 2 to 25 November."""

    def work(name: str, who: str | int | None, when: datetime, **more: Any) -> int:
        return happen(tx, name, who, when, **{"programme_id": "table", **more})

    work("content_sent", STAFF, at(2, 12))
    first = work("ugc_submitted", "A", at(3))
    rejected = work("ugc_submitted", "A", at(4))
    work("ugc_rejected", "A", at(5), corrects_event_id=rejected)
    held = work("ugc_submitted", "A", at(5))
    work("ugc_held", "A", at(5), corrects_event_id=held)
    came_back = work("ugc_submitted", "B", at(6))
    out = work("ugc_duplicate", "B", at(7), corrects_event_id=came_back)
    work("ugc_restored", "B", at(8), corrects_event_id=out)
    late = work("ugc_submitted", "L", at(12))
    work("ugc_submitted", STAFF, at(12))
    gone = work("ugc_submitted", "C", at(13))
    work("ugc_withdrawn", "C", at(13), corrects_event_id=gone)
    work("ugc_featured", "B", at(14), parent_event_id=came_back)
    work("ugc_featured", "L", at(14), parent_event_id=late)
    taken_back = work("ugc_featured", "A", at(14), parent_event_id=first)
    work("ugc_unfeatured", "A", at(15), corrects_event_id=taken_back)
    for who in ("A", "B", "L", "C", STAFF):
        work("challenge_joined", who, at(13))
    for who in ("A", "B", STAFF):
        work("challenge_completed", who, at(25))
    work("challenge_closed", None, at(25))
    give(tx, Entry(WHO["A"], "ugc_approved", rejected + 1000, "创作", 2.5, at=at(3)))
    book.stand(tx, {WHO["A"]: Standing(level=2), WHO["B"]: Standing(level=1)})


def answers(tx: Transaction) -> None:
    def about(name: str, who: str | int, when: datetime, number: int, **more: Any) -> int:
        return happen(tx, name, who, when, object_type="question", object_id=str(number), **more)

    about("question_asked", "C", at(10), 1)
    about("answer_given", "C", at(10, 10, 5), 1)  # one's own answer is none
    about("answer_given", "A", at(10, 10, 30), 1)
    about("question_asked", "B", at(12), 2)
    about("expert_answered", EXPERT, at(13, 16), 2)  # after 30 hours
    about("question_asked", "B", at(14), 3)  # the answer was taken back
    about("question_asked", "B", at(30, 18), 4)  # too young to be judged
    helped = about("answer_given", "A", at(14, 11), 3)
    about("answer_withdrawn", "A", at(14, 12), 3, corrects_event_id=helped)
    never_mind = about("question_asked", "B", at(16), 5)
    about("question_withdrawn", "B", at(16), 5, corrects_event_id=never_mind)
    about("question_asked", STAFF, at(17), 6)
    for by, to in ("AB", "BA", "AC", "CA", "AD", "DA", "EA"):
        about("answer_thanked", by, at(15), 1, target_identity_id=WHO[to])


def posts(tx: Transaction) -> None:
    """Before M left there were twelve, from the 10th on; after that and before that eleven. Six were asked in
    private, and a colleague at night."""
    begun = [("give", at(2)), ("give", at(5, 7)), ("give", at(9)), ("ask", at(11))]
    for intent, when in (*begun, ("reply", at(3)), ("give", at(9, month=10))):
        say(tx, intent, when)
    say(tx, "promo", at(20, 9), payload={"at_all": True})
    for who in "ABCDEF":
        say(tx, "ask", at(8), room_id=None, identity_id=WHO[who])
    say(tx, "ask", at(8, 7), room_id=None, identity_id=STAFF)
    happen(tx, "post_made_by_hand", STAFF, at(21), props={"sells": True, "at_all": True})
    happen(tx, "post_made_by_hand", STAFF, at(25), props={"sells": False, "at_all": False})
    happen(tx, "send_suppressed", None, at(23), props={"rule": "promo_week"})
    happen(tx, "send_suppressed", None, at(23), props={"rule": "private_week"}, room_id=None)


def say(tx: Transaction, intent: str, when: datetime, **more: Any) -> None:
    id = tx.new_id()
    row = {"id": id, "post_id": id, "account": "main", "room_id": ROOM, "kind": "text", "dedupe_key": f"{id}"}
    sent = {"state": "sent", "intent": intent, "priority": 3, "queued_at": when, "sending_at": when}
    insert_new(tx.connection, outgoing, [{**row, **sent, "payload": {}, **more}])


def comings(tx: Transaction) -> None:
    """G, H and I began a questionnaire, a colleague to try it. K, F and D were declined: K and F asked again,
    one with success; that of B was in October."""

    def questionnaire(step: str, who: str | int, when: datetime) -> None:
        happen(tx, f"questionnaire_{step}", who, when, room_id=None)

    for who in ("G", "H", "I", STAFF):
        questionnaire("started", who, at(9))
    for who in ("G", "H", STAFF):
        questionnaire("submitted", who, at(9))
    questionnaire("passed", "G", at(9))
    questionnaire("passed", STAFF, at(9))
    questionnaire("referred_to_human", "H", at(9))
    for who in "BKF":
        questionnaire("referred_to_human", who, at(1, month=10))
        questionnaire("rejected", who, at(2, month=10))
    questionnaire("referred_to_human", "B", at(3, month=10))
    questionnaire("passed", "B", at(4, month=10))
    questionnaire("referred_to_human", "K", at(5))
    questionnaire("passed", "K", at(6))
    questionnaire("referred_to_human", "F", at(7))
    questionnaire("rejected", "F", at(8))
    questionnaire("referred_to_human", "D", at(9))
    questionnaire("rejected", "D", at(10))
    questionnaire("passed", "K", at(12))  # another questionnaire, which nobody had declined
    happen(tx, "dnc_set", "E", at(9))
    for who, moment in (("A", at(3)), ("E", at(3)), ("B", at(25)), ("G", at(1, month=9))):
        happen(tx, "wakeup_sent", who, moment)
    for who in "DF":
        happen(tx, "wakeup_held_out", who, at(3))
    row = {"room_id": ROOM, "identity_id": WHO["F"], "interaction_id": 1}
    closed: dict[str, Any] = {"answered_at": at(9, 10, 6), "closed_at": at(9, 11), "opened_at": at(9, 10)}
    open_: dict[str, Any] = {"answered_at": None, "closed_at": None, "opened_at": at(10)}
    for number, rest in enumerate((closed, open_), 1):
        insert_new(tx.connection, complaint_case, [{"id": number, "number": number, **row, **rest}])


def feelings(tx: Transaction) -> None:
    """A was glad twice and sorry once, B sorry; what a colleague says is no voice, nor what is practical."""
    said: list[tuple[str | int, str]] = [
        ("A", "太好吃了"),
        ("A", "真香"),
        ("A", "难吃死了"),
        ("A", "明天几点到"),
        ("B", "太失望了"),
        (STAFF, "真香"),
    ]
    for who, words in said:
        id = tx.new_id()
        insert_new(tx.connection, texts, [{"id": id, "body": words, "keep_until": None}])
        happen(tx, "message_posted", who, at(3 if who == "A" else 30), text_id=id)
