"""What the methods are called; for whoever must not load what they are made of."""

PARETO_NBD, BG_NBD, MBG_NBD, GAMMA_GAMMA = "pareto_nbd", "bg_nbd", "mbg_nbd", "gamma_gamma"
NAMES = (PARETO_NBD, BG_NBD, MBG_NBD, GAMMA_GAMMA)
EMPIRICAL, NAIVE, GROUP_AVERAGE = "empirical", "naive", "group_average"
