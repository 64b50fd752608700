"""The community's figures for a period, each with its denominator: nothing is a figure without its n."""
