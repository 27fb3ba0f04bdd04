"""Cohorts: customers who began in the same period, followed through the periods since."""
