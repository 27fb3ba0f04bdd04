"""The lake: Parquet files of the facts, by month, kept exactly equal to the database."""
