"""The bank of topics: what there is to say about each, in short sentences from a small vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("food", "drinks", "animals", "plants", "places", "machines", "seasons")


@dataclass(frozen=True, slots=True)
class Topic:
    """Something to write about.

    Attributes:
        name: The word that stands for it, such as ``"sea"``.
        article: Whether it takes ``the``.
        plural: Whether it takes ``are``.
        adjectives: What it is, or can be.
        activity: What one can do, ``{}`` for the topic.
        predicates: What is true of it, each a sentence without its subject.
        kind: One of :data:`KINDS`; empty where none fits beyond doubt.
    """

    name: str
    article: bool
    plural: bool
    adjectives: tuple[str, str, str]
    activity: str
    predicates: tuple[str, ...]
    kind: str = ""

    @property
    def phrase(self) -> str:
        """The topic in the middle of a sentence, such as ``"the sea"``."""
        return f"the {self.name}" if self.article else self.name

    @property
    def verb(self) -> str:
        """``is`` or ``are``."""
        return "are" if self.plural else "is"

    @property
    def facts(self) -> tuple[str, ...]:
        """All there is to say, each with ``{}`` for the topic and without capital letter and full stop."""
        first, second, third = self.adjectives
        return (
            f"{{}} {self.verb} {first} and {second}",
            f"{{}} can be very {third}",
            *(f"{{}} {predicate}" for predicate in self.predicates),
            f"you can {self.activity}",
            "many people love {}",
            "you can learn a lot about {}",
        )


def _the(name: str, adjectives: str, activity: str, predicates: str, kind: str = "") -> Topic:
    return _topic(name, True, False, adjectives, activity, predicates, kind)


def _mass(name: str, adjectives: str, activity: str, predicates: str, kind: str = "") -> Topic:
    return _topic(name, False, False, adjectives, activity, predicates, kind)


def _many(name: str, adjectives: str, activity: str, predicates: str, kind: str = "") -> Topic:
    return _topic(name, False, True, adjectives, activity, predicates, kind)


def _topic(name: str, article: bool, plural: bool, adjectives: str, activity: str, predicates: str, kind: str) -> Topic:
    first, second, third = adjectives.split()
    return Topic(name, article, plural, (first, second, third), activity, tuple(predicates.split("; ")), kind)


TOPICS: tuple[Topic, ...] = (
    _the(
        "sea",
        "wide deep blue",
        "swim in {} in summer",
        "is home to many fish; has a lot of salt; moves with the wind; is cold in winter; takes ships to far places",
        "places",
    ),
    _the(
        "sun",
        "warm bright round",
        "sit in {} with friends",
        "gives us light every day; helps plants to grow; comes up in the morning; goes down in the evening; "
        "makes people happy",
    ),
    _the(
        "moon",
        "round white quiet",
        "look at {} at night",
        "gives light at night; moves around the world; is far from here; moves the water of the sea; is made of stone",
    ),
    _the(
        "rain",
        "wet soft cold",
        "walk in {} with friends",
        "comes from dark clouds; helps plants to grow; falls on every house; fills rivers with water; "
        "makes the air fresh",
    ),
    _mass(
        "snow",
        "white soft cold",
        "play in {} with friends",
        "falls in winter; is made of cold water; covers every house and tree; makes the world quiet; is gone in summer",
    ),
    _mass(
        "music",
        "loud sweet soft",
        "listen to {} at home",
        "makes people happy; is made of many sounds; can tell a story; helps children to learn; is good for the mind",
    ),
    _mass(
        "bread",
        "warm fresh soft",
        "eat {} in the morning",
        "is made with water; smells good in the morning; tastes good with cheese; is easy to make; keeps people strong",
        "food",
    ),
    _mass(
        "honey",
        "sweet thick yellow",
        "eat {} with bread",
        "comes from bees; tastes good in tea; keeps for many years; helps sick children; is made from flowers",
        "food",
    ),
    _mass(
        "milk",
        "white cold fresh",
        "drink {} in the morning",
        "comes from cows; makes bones strong; tastes good with bread; is good for children; is made into cheese",
        "drinks",
    ),
    _mass(
        "coffee",
        "dark hot strong",
        "drink {} with friends",
        "comes from warm places; tastes good with milk; keeps people awake; smells good in the morning; "
        "is made with hot water",
        "drinks",
    ),
    _mass(
        "tea",
        "hot light sweet",
        "drink {} in the evening",
        "comes from green plants; tastes good with honey; helps people to rest; is good on cold days; "
        "is made with hot water",
        "drinks",
    ),
    _many(
        "apples",
        "red sweet fresh",
        "eat {} every day",
        "grow on trees; taste good with cheese; are good for children; come in red and green; keep for a long time",
        "food",
    ),
    _many(
        "trees",
        "tall green old",
        "sit under {} in summer",
        "give us clean air; are home to many birds; grow from small seeds; need water and light; live for many years",
        "plants",
    ),
    _many(
        "flowers",
        "small bright sweet",
        "grow {} at home",
        "need water and light; grow in every garden; smell good in summer; give food to bees; make people happy",
        "plants",
    ),
    _many(
        "birds",
        "small quick loud",
        "listen to {} in the morning",
        "sing in the morning; live in tall trees; eat seeds and fish; have light bones; go to warm places in winter",
        "animals",
    ),
    _many(
        "dogs",
        "kind quick loud",
        "play with {} every day",
        "help people at work; need a walk every day; like to run and play; can hear very well; "
        "live with people at home",
        "animals",
    ),
    _many(
        "cats",
        "quiet quick soft",
        "play with {} at home",
        "like to sleep in the sun; can see well at night; eat fish and meat; live with people at home; keep very clean",
        "animals",
    ),
    _many(
        "horses",
        "tall strong quick",
        "ride {} in summer",
        "like to run and play; eat a lot of grass; carry people to far places; help people at work; sleep very little",
        "animals",
    ),
    _many(
        "bees",
        "small yellow quick",
        "see {} in the garden",
        "make sweet honey; live in a big family; help flowers to grow; like warm and dry days; work all day in summer",
        "animals",
    ),
    _many(
        "trains",
        "long quick loud",
        "ride {} with friends",
        "carry many people; take people to work; stop in every big city; go to far places; are good for clean air",
        "machines",
    ),
    _many(
        "bikes",
        "light quick cheap",
        "ride {} to school",
        "have two wheels; keep people strong; are good for clean air; take people to work; are easy to ride",
        "machines",
    ),
    _many(
        "books",
        "old thick cheap",
        "read {} in the evening",
        "can tell a story; are made of paper; help children to learn; are good for the mind; take you to far places",
    ),
    _many(
        "rivers",
        "long deep wide",
        "swim in {} in summer",
        "run to the sea; are home to many fish; give water to plants; carry stones to the sea; are full after the rain",
        "places",
    ),
    _many(
        "mountains",
        "tall old cold",
        "walk in {} with friends",
        "are made of stone; have snow in winter; are home to many animals; are far from the city; have clean air",
        "places",
    ),
    _many(
        "gardens",
        "green small quiet",
        "rest in {} in summer",
        "are full of flowers; need a lot of work; give us fresh food; are home to many bees; make people happy",
        "places",
    ),
    _mass(
        "school",
        "big loud old",
        "meet friends at {} every day",
        "helps children to learn; starts in the morning; is full of books; is good for the mind; gives time to play",
        "places",
    ),
    _mass(
        "winter",
        "long dark cold",
        "rest at home in {}",
        "comes with snow and wind; has long nights; is a time to rest; makes rivers cold; is hard for birds",
        "seasons",
    ),
    _mass(
        "summer",
        "warm bright dry",
        "play in the sun in {}",
        "comes with long days; has warm nights; is a time to play; makes people happy; is good for bees",
        "seasons",
    ),
)
BY_NAME = {topic.name: topic for topic in TOPICS}
