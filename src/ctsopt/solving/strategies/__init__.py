"""Ways to find a plan and a bound: directly, by a solver's name, by refining stock; and first plans."""
