"""Who will not buy again soon: learnt from what customers did before a cut in the past, held to what they did after."""
