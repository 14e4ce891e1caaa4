"""Mutations: each sends one command, and shows the changed thing once it can be read."""
