"""Pages outside the portal, asked for by the worker. Knows no Flask, no database and no feature.

Whatever address somebody typed is judged before anything is sent to it, and again at every redirect: only the
public internet is spoken to, never a machine of the operator's own network (``addresses.py``). Names are resolved
once, and the address that was judged is the one that is connected to (``fetcher.py``).
"""
