"""Expressions in CEL: what x-kubernetes-validations, matchConditions and admission policies are written in. The only
home of the library that reads and runs them, which is loaded when the first expression is met, and not before.

    syntax         an expression as a tree: looked through, rewritten where the library lacks something
    environments   what expressions can name: variables, and all functions
    functions/     what Kubernetes adds to the language: quantities, addresses, URLs, formats, permissions
    running        over plain values, where a field that is absent is an error and not a zero
    typing         what is wrong with an expression before it judges anything, told from types
    values         values as expressions see them
    costs          how long an expression may take at worst, by the sizes that a schema allows

An expression is read twice. Once with types, as protobuf messages, to find what is wrong with it; once without, to run.
"""

from __future__ import annotations
