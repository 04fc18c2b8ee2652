#include "tiers_quality_fixtures.h"

#include <math.h>

#include "tiers_quality_metrics.h"

/* --- one prediction --------------------------------------------------------------------------- */

/* p = (1/2, 1/2) and q = (1/4, 3/4), as logits with other constants added:
 * KL(p || q) = ln 2 - ln 3 / 2 and KL(q || p) = 3/4 ln 3 - ln 2. */
static struct tiers_divergence halves_and_quarters(void) {
    const float p[] = {5, 5}, q[] = {0, (float)log(3)};
    return tiers_divergence_of(p, q, 2, 0);
}

static const double float_log = 1e-7; /* ln 3 in float32 */

enum status tiers_kl_reversed(struct fixture_values *v) {
    *v = (struct fixture_values){halves_and_quarters().kl, log(2) - log(3) / 2,
                                 0.75 * log(3) - log(2), float_log};
    return ST_OK;
}

enum status tiers_kl_in_bits(struct fixture_values *v) {
    const double right = log(2) - log(3) / 2;
    *v = (struct fixture_values){halves_and_quarters().kl, right, right / log(2), float_log};
    return ST_OK;
}

/* The mean gap of logits alone, 5 - ln 3 / 2. */
enum status tiers_kl_of_unnormalised(struct fixture_values *v) {
    *v = (struct fixture_values){halves_and_quarters().kl, log(2) - log(3) / 2, 5 - log(3) / 2,
                                 float_log};
    return ST_OK;
}

/* Both find token 1 likeliest; the next token is 0. */
enum status tiers_top1_of_targets(struct fixture_values *v) {
    const float p[] = {0, 2, 1}, q[] = {0, 1, 0};
    const bool both_right = false;
    *v = (struct fixture_values){tiers_divergence_of(p, q, 3, 0).same_top, 1, both_right, 0};
    return ST_OK;
}

/* --- texts ------------------------------------------------------------------------------------ */

/* Four predictions at ln 2 and two at ln 16: together (4 ln 2 + 2 ln 16) / 6 = ln 4.  The whole
 * model has ln 2 in all. */
static void two_texts(struct tiers_text out[2]) {
    out[0] = (struct tiers_text){
        .full = {4 * log(2), 4}, .kept = {4 * log(2), 4}, .kl = 4, .same_top = 4};
    out[1] = (struct tiers_text){
        .full = {2 * log(2), 2}, .kept = {2 * log(16), 2}, .kl = 8, .same_top = 1};
}

enum status tiers_kl_of_texts(struct fixture_values *v) {
    struct tiers_text t[2];
    two_texts(t);
    *v = (struct fixture_values){tiers_kl(t, 2).value, 2, (1 + 4) / 2.0, 1e-12};
    return ST_OK;
}

enum status tiers_ppl_of_texts(struct fixture_values *v) {
    struct tiers_text t[2];
    two_texts(t);
    *v = (struct fixture_values){tiers_ppl(t, 2).value, 4, (2 + 16) / 2.0, 1e-12};
    return ST_OK;
}

enum status tiers_ppl_of_nothing(struct fixture_values *v) {
    const struct tiers_text none = {.kl = 0};
    *v = (struct fixture_values){tiers_ppl(&none, 1).value, NAN, exp(0), 0};
    return ST_OK;
}

enum status tiers_gap_of_texts(struct fixture_values *v) {
    struct tiers_text t[2];
    two_texts(t);
    *v = (struct fixture_values){tiers_ppl_gap(t, 2).value, 1, ((2 / 2.0 - 1) + (16 / 2.0 - 1)) / 2,
                                 1e-12};
    return ST_OK;
}

enum status tiers_gap_upside_down(struct fixture_values *v) {
    struct tiers_text t[2];
    two_texts(t);
    *v = (struct fixture_values){tiers_ppl_gap(t, 2).value, 1, 1 - 2 / 4.0, 1e-12};
    return ST_OK;
}

enum status tiers_top1_of_texts(struct fixture_values *v) {
    struct tiers_text t[2];
    two_texts(t);
    *v = (struct fixture_values){tiers_top1_agreement(t, 2).value, 5.0 / 6, (1 + 0.5) / 2, 1e-12};
    return ST_OK;
}
