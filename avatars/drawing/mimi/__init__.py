"""Mimi: a fox-eared sailor. The head's middle is at (500, 480); one light, from the upper left."""
