/* S004's reductions of attention by a window, and the speed-up of a tier that it takes from them.
 */
#include <math.h>
#include <stddef.h>

#include "../../reference/tier_model.h"
#include "tiers_printed.h"

/* Dimensions of the baseline configuration, for which S004 halves the latency of a tier. */
enum { D = 256, FFN = 4 * D };

static double square(const struct tiers_row *r) { return tiers_pairs(r->context, r->window); }

static double square_oracle(const struct tiers_row *r) {
    return (double)ref_window_pairs(r->context, r->window, false);
}

static double causal(const struct tiers_row *r) {
    return tiers_causal_pairs(r->context, r->window);
}

static double causal_oracle(const struct tiers_row *r) {
    return (double)ref_window_pairs(r->context, r->window, true);
}

static double square_reduction(const struct tiers_row *r) {
    return tiers_pairs(r->context, r->context) / square(r);
}

static double square_reduction_oracle(const struct tiers_row *r) {
    return (double)ref_window_pairs(r->context, r->context, false) / square_oracle(r);
}

static double causal_reduction(const struct tiers_row *r) {
    return tiers_causal_pairs(r->context, r->context) / causal(r);
}

static double causal_reduction_oracle(const struct tiers_row *r) {
    return (double)ref_window_pairs(r->context, r->context, true) / causal_oracle(r);
}

static double factor_of_oracle(const struct tiers_row *r, int64_t ffn) {
    const int64_t n = r->context;
    return ref_layer_macs(n, D, ffn, ref_window_pairs(n, n, false)) /
           ref_layer_macs(n, D, ffn, ref_window_pairs(n, r->window, false));
}

static double factor(const struct tiers_row *r) {
    return tiers_window_factor(r->context, r->window, D, FFN);
}

static double factor_oracle(const struct tiers_row *r) { return factor_of_oracle(r, FFN); }

static double bare_factor(const struct tiers_row *r) {
    return tiers_window_factor(r->context, r->window, D, 0);
}

static double bare_factor_oracle(const struct tiers_row *r) { return factor_of_oracle(r, 0); }

static const char by_square[] = "every query reads window keys",
                  by_causal[] = "no keys before the first token";

static const struct tiers_law square_law = {"pairs", by_square, "pairs", square, square_oracle},
                              causal_law = {"pairs", by_causal, "pairs", causal, causal_oracle},
                              reduction_law = {"reduction of attention", by_square, "x",
                                               square_reduction, square_reduction_oracle},
                              causal_reduction_law = {"reduction of attention", by_causal, "x",
                                                      causal_reduction, causal_reduction_oracle},
                              factor_law = {"speed-up of a tier",
                                            "operations of a layer, feed-forward 4d", "x", factor,
                                            factor_oracle},
                              bare_law = {"speed-up of a tier", "operations without feed-forward",
                                          "x", bare_factor, bare_factor_oracle};

#define ROW(context, window, law, printed)                                                         \
    {                                                                                              \
        "attention", NULL, NULL, NULL, TIERS_NO_TIER, context, window, &(law), { printed, NAN, 0 } \
    }
#define REDUCTION(context, window, printed)                                                        \
    ROW(context, window, reduction_law, printed),                                                  \
        ROW(context, window, causal_reduction_law, printed)

const struct tiers_row tiers_attention_rows[] = {
    REDUCTION(64, 16, 4),
    REDUCTION(32, 8, 4),
    ROW(64, 16, factor_law, 2),
    ROW(64, 16, bare_law, 2),
    ROW(1024, 1024, square_law, 1048576),
    ROW(1024, 1024, causal_law, 1048576),
    ROW(1024, 16, square_law, 16384),
    ROW(1024, 16, causal_law, 16384),
    REDUCTION(1024, 16, 64),
    {.table = NULL},
};
