"""Who set which field: metadata.managedFields.

sets     sets of field paths, as the trees that FieldsV1 writes them as
shapes   what of an object can be owned: compiled from its schema, compared, listed
entries  the list in metadata <-> managers and their sets; order and limits
"""
