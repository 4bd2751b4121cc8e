"""A basket, with a pitfall that only shows in the second customer's."""


def add(item, basket=[]):
    basket.append(item)
    return basket


def shelves(rows, columns):
    board = [[None] * columns] * rows
    board[0][0] = "first"
    return board
