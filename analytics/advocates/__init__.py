"""Who brings in others: what came of everybody they brought, directly and through those."""
