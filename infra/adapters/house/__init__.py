"""The house writers: brands, copy and keywords without a language model, a key or a network.

They are the sandbox for the language model and are named ``house`` wherever a person sees who wrote something.
Import the packages inside; this module exports nothing.
"""
