"""Blind comparison of writers or prompts by a person, in a page that needs no server."""
