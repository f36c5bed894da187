"""The command line, one file a subject. Doors like views: parse, call one verb, print."""
