"""Lifetime value: models of how customers buy and what they spend, fitted by maximum likelihood. No Django in here."""
