"""Recipes: folders of configs for the whole way, whose stages are run in order by the commands anyone can type."""
