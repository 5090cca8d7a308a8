"""Running models: what ran, with which shapes, and whether the equations hold.

Only `client` and `messages` are imported by other stages; everything else is imported by `worker`, in a process of
its own whose `transformers` is the snapshot that is read.
"""
