"""The data model: frozen records that pass between the stages.

No syntax trees, modules or tensors live here. Every record is plain data and round-trips through
JSON (see `hfreader.facts.codec`).
"""
