"""The local lake."""
