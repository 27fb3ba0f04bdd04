"""One change to everything that a search finds: delete, restore, update, as a job."""
