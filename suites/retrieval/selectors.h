/* Every method of choosing keys, sorted by name: SELECTOR(name). Defines `struct selector
 * selector_<name>`. */
SELECTOR(hnsw)
SELECTOR(learned)
SELECTOR(oracle_per_head)
SELECTOR(oracle_shared)
SELECTOR(quest)
SELECTOR(random)
SELECTOR(raw_qk)
SELECTOR(window)
