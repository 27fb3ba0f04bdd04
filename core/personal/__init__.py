"""Personal data of any kind of record: where it stands, how it is exported, and how it goes."""
