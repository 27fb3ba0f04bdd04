"""The demo's data and how it gets into the database; `data/README.md` says where it comes from."""
