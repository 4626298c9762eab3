"""The bank of advice: activities, and tips for each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Activity:
    """Something to get better at.

    Attributes:
        name: As in ``advice on swimming``.
        own: Tips for this activity alone; each names it.
    """

    name: str
    own: tuple[str, str, str]

    @property
    def tips(self) -> tuple[str, ...]:
        """All tips, as sentences."""
        return self.own + COMMON_TIPS


COMMON_TIPS = (
    "Start with small steps.",
    "Ask a friend for help.",
    "Do not work too long.",
    "Rest when you need it.",
    "Give it a lot of time.",
    "Look at how others do it.",
    "Do it well and have fun.",
)
ACTIVITIES = (
    Activity(
        "learning the piano",
        ("Play the piano every day.", "Listen to good piano music.", "Start with easy piano music."),
    ),
    Activity("swimming", ("Go swimming in warm water.", "Go swimming with a friend.", "Eat well before swimming.")),
    Activity(
        "reading", ("Start reading with easy books.", "Keep reading every day.", "Go to a quiet place for reading.")
    ),
    Activity("running", ("Go running in clean air.", "Drink water after running.", "Keep running a little every day.")),
    Activity(
        "cooking", ("Use fresh food for cooking.", "Read a book about cooking.", "Keep a clean place for cooking.")
    ),
    Activity("singing", ("Drink warm tea before singing.", "Listen to others singing.", "Stand up for singing.")),
    Activity("sleeping", ("A dark room helps sleeping.", "No coffee before sleeping.", "A long walk helps sleeping.")),
    Activity(
        "making bread",
        ("Use warm water for the bread.", "Give the bread time to rest.", "Make the bread in the morning."),
    ),
    Activity("making tea", ("Use hot water for the tea.", "Put honey in the tea.", "Drink the tea with friends.")),
    Activity(
        "riding a bike", ("Start on a light bike.", "Keep the wheels of the bike clean.", "Ride the bike every day.")
    ),
    Activity("riding a horse", ("Start on a kind horse.", "Give the horse good food.", "Ride the horse every day.")),
    Activity("keeping a dog", ("Walk the dog every day.", "Give the dog clean water.", "Play with the dog at home.")),
    Activity(
        "keeping a cat", ("Give the cat fish and meat.", "Play with the cat at home.", "Keep a warm place for the cat.")
    ),
    Activity(
        "growing flowers",
        ("Give the flowers water every day.", "Put the flowers in the sun.", "Start the flowers from seeds."),
    ),
    Activity(
        "growing trees", ("Give the trees a lot of water.", "Start the trees from seeds.", "Let the trees have light.")
    ),
)
