"""What a customer is about to buy."""

from dataclasses import dataclass, field


class Basket:
    items = []

    def add(self, item):
        self.items.append(item)

    def total(self, discounts=[]):
        return sum(item.price for item in self.items) - sum(discounts)


@dataclass
class Item:
    name: str
    price: int
    tags: list = field(default_factory=list)


def describe(item, seen={}):
    """A line for the receipt; says how often the item was described before."""
    seen[item.name] = seen.get(item.name, 0) + 1
    return f"{item.name} ({seen[item.name]}): {item.price}"


def empty_shelves(rows, columns):
    shelves = [[None] * columns] * rows
    shelves[0][0] = "first"
    return shelves
