"""Patches worked out and applied on this side: RFC 6902, strategic merge, and the three-way merge of apply."""
