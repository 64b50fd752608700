"""Who takes part: people with fixed ids, those in the group and those who are not (yet, or any more)."""

from __future__ import annotations

from collections.abc import Iterable

from bot.events import Person

MEMBERS = (
    Person("me", "我"),
    Person("aqing", "阿青"),
    Person("xiaoman", "小满"),
    Person("laozhou", "老周"),
    Person("linyi", "林姨"),
)
STRANGERS = (Person("xiaozhou", "小舟"),)


class Cast:
    """The people by name; the first of the members begins to speak."""

    def __init__(self, members: Iterable[Person] = MEMBERS, strangers: Iterable[Person] = STRANGERS) -> None:
        inside = list(members)
        self._people = {person.name: person for person in (*inside, *strangers)}
        self._inside = {person.id for person in inside}
        self.first = inside[0]

    @property
    def names(self) -> list[str]:
        return list(self._people)

    @property
    def members(self) -> list[Person]:
        return [person for person in self._people.values() if self.has_member(person)]

    @property
    def strangers(self) -> list[Person]:
        return [person for person in self._people.values() if not self.has_member(person)]

    def named(self, name: str) -> Person | None:
        return self._people.get(name)

    def with_id(self, person_id: str) -> Person | None:
        return next((person for person in self._people.values() if person.id == person_id), None)

    def has_member(self, person: Person) -> bool:
        """Whether ``person`` is in the group now."""
        return person.id in self._inside

    def meet(self, name: str) -> Person:
        """Who is called so; the id of someone new comes from the name, so it outlives us."""
        return self._people.setdefault(name, Person(f"name:{name}", name))

    def enter(self, name: str) -> Person:
        """Bring ``name`` into the group."""
        person = self.meet(name)
        self._inside.add(person.id)
        return person

    def leave(self, person: Person) -> None:
        self._inside.discard(person.id)
