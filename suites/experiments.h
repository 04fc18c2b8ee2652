/* Every experiment, sorted by name: EXPERIMENT(name). Defines `struct experiment
 * experiment_<name>`. */
EXPERIMENT(adsampling)
EXPERIMENT(crossover)
EXPERIMENT(entropy)
EXPERIMENT(retrieval)
EXPERIMENT(selfcheck)
EXPERIMENT(tiers)
