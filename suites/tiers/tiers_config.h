/* The networks of S004 and what a tier runs of them.  Source: definitions of S004's "Micro" and
 * "Baseline" configurations. */
#ifndef ATTEST_SUITES_TIERS_TIERS_CONFIG_H
#define ATTEST_SUITES_TIERS_TIERS_CONFIG_H

#include <stdbool.h>

#include "../kernels/transformer.h"

/* Tier 0 runs everything, 1 the last layers over a shorter prompt, 2 the last layer over a few
 * tokens, 3 nothing. */
enum { TIERS = 4, TIERS_CACHED = 3 };

struct tiers_config {
    const char *name; /* "micro" */
    struct transformer_shape shape;
    int32_t window, window_1, layers_1, seq_1, seq_2;
};

enum { TIERS_CONFIGS = 2, TIERS_WINDOW_2 = 4 };
extern const struct tiers_config tiers_configs[TIERS_CONFIGS]; /* micro, baseline */

const struct tiers_config *tiers_config_find(const char *name); /* NULL: none of that name */

/* The pass of tier 0, 1 or 2; flushed: tier 1 behind a flush, which writes no keys. */
struct transformer_pass tiers_pass(const struct tiers_config *c, int tier, bool flushed);

#endif
