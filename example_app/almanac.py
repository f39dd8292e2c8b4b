"""The club's year: the events that come round, and the jobs of each month."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

__all__ = ["JOBS", "Event", "coming_events"]

SATURDAY: Final = 5
SUNDAY: Final = 6
THURSDAY: Final = 3
LAST: Final = -1


@dataclass(frozen=True, slots=True)
class Event:
    """Something that takes place on one day."""

    day: date
    hours: str
    title: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Custom:
    """What comes round: the `week`-th `weekday` of `months`."""

    months: tuple[int, ...]
    week: int
    weekday: int
    hours: str
    title: str
    place: str
    text: str

    def day_in(self, year: int, month: int) -> date:
        """The day on which it falls in a month."""
        if self.week == LAST:
            end = date(year, month, monthrange(year, month)[1])
            return end - timedelta(days=(end.weekday() - self.weekday) % 7)
        start = date(year, month, 1)
        return start + timedelta(days=(self.weekday - start.weekday()) % 7 + 7 * (self.week - 1))

    def event_on(self, day: date) -> Event:
        """The event of that day."""
        return Event(day, self.hours, self.title, self.place, self.text)


CUSTOMS: Final = (
    Custom(
        (11, 12, 1, 2),
        1,
        SATURDAY,
        "10:00 to 12:30",
        "Work party: hedges and ditches",
        "Meet at the tool store",
        "We lay the long hedge, one plot's width at a time. Bring gloves; tools, tea and cake are provided.",
    ),
    Custom(
        (3, 4, 5),
        1,
        SATURDAY,
        "10:00 to 12:30",
        "Work party: paths and beds",
        "Meet at the tool store",
        "Chippings on the paths, compost on the shared beds. Wheelbarrows of your own are very welcome.",
    ),
    Custom(
        (6, 7, 8),
        1,
        SATURDAY,
        "09:00 to 11:00",
        "Work party: weeds, early",
        "Meet at the lower tap",
        "Before it gets hot: the verge and the children's bed. Breakfast in the shed afterwards.",
    ),
    Custom(
        (9, 10),
        1,
        SATURDAY,
        "10:00 to 12:30",
        "Work party: compost",
        "Meet at the leaf cage",
        "The big heap is turned and shared out: two barrows a plot. Those on the waiting list take some too.",
    ),
    Custom(
        (2,),
        LAST,
        SUNDAY,
        "14:00 to 16:30",
        "Seed swap",
        "St Anne's church hall",
        "Bring the seeds you have too many of, go home with the ones you were missing. No money needed.",
    ),
    Custom(
        (4,),
        3,
        SATURDAY,
        "11:00 to 13:00",
        "Grafting morning with Piotr",
        "The old orchard, plot 31",
        "Learn to graft an apple on to a dwarf stock and take your own tree home. Ten places, first come.",
    ),
    Custom(
        (6,),
        2,
        SUNDAY,
        "11:00 to 16:00",
        "Open gates",
        "The whole site",
        "Neighbours are welcome on every plot with a green ribbon. Strawberries and honey from noon.",
    ),
    Custom(
        (8,),
        3,
        SATURDAY,
        "13:00 to 17:00",
        "Summer show",
        "Marquee on the green",
        "Longest bean, heaviest marrow, best jam, strangest carrot. Entries are taken until 11:00.",
    ),
    Custom(
        (10,),
        2,
        SUNDAY,
        "12:00 to 16:00",
        "Apple day",
        "The old orchard, plot 31",
        "Bring apples and clean bottles: the press runs all afternoon. The names of trees guessed for free.",
    ),
    Custom(
        (11,),
        3,
        THURSDAY,
        "19:30 to 21:00",
        "Annual general meeting",
        "St Anne's church hall",
        "Accounts, rents for next year, election of the committee. Every member has one vote.",
    ),
    Custom(
        (12,),
        2,
        SUNDAY,
        "15:00 to 18:00",
        "Wreaths and mulled juice",
        "The potting shed",
        "Willow, ivy and rose hips are there. Bring secateurs and a lantern for the way home.",
    ),
)


def coming_events(today: date, months: int = 6) -> list[Event]:
    """The events from `today` on and within so many months, the next one first."""
    events = []
    for offset in range(months + 1):
        year, month = divmod(today.year * 12 + today.month - 1 + offset, 12)
        days = [(custom, custom.day_in(year, month + 1)) for custom in CUSTOMS if month + 1 in custom.months]
        events += [custom.event_on(day) for custom, day in days if day >= today]
    return sorted(events, key=lambda event: event.day)


JOBS: Final = {
    1: (
        "Order seed potatoes and set them to chit",
        "Prune apples and pears on dry days",
        "Wash pots and labels",
    ),
    2: ("Sow broad beans under fleece", "Cut autumn raspberries to the ground", "Check the nest boxes"),
    3: (
        "Plant shallots and onion sets",
        "Sow leeks, tomatoes and chillies indoors",
        "Spread compost on the beds",
    ),
    4: ("Plant early potatoes", "Sow carrots, beetroot and peas outside", "Put up the bean poles"),
    5: (
        "Harden off courgettes and squashes",
        "Earth up the potatoes",
        "Net the brassicas before the pigeons wake",
    ),
    6: ("Plant out leeks", "Pinch out tomatoes every week", "Water in the evening, deeply and seldom"),
    7: ("Pick courgettes while they are small", "Sow chicory and winter radish", "Summer-prune the plums"),
    8: ("Lift onions and dry them on the racks", "Sow spring cabbage", "Save seed from your best beans"),
    9: ("Bring in squashes before the first frost", "Sow green manure on empty rows", "Order garlic"),
    10: (
        "Plant garlic and broad beans",
        "Clear the bean poles",
        "Leaves belong in the leaf cage, not on the fire",
    ),
    11: (
        "Plant bare-root fruit trees",
        "Drain the water butts by the lane",
        "Cover bare soil with card and compost",
    ),
    12: (
        "Lift leeks and parsnips as you need them",
        "Sharpen and oil the tools",
        "Plan next year's beds by the stove",
    ),
}
"""What to do on the plots, by month."""
