#include "tiers_latency_fixtures.h"

#include <stdio.h>

#include "../../harness/run/energy.h"
#include "../kernels/transformer_check.h"
#include "tiers_latency_metrics.h"
#include "tiers_measured.h"
#include "tiers_metrics.h"

/* --- times ------------------------------------------------------------------------------------ */

/* 4096 decisions in 40.96 us. */
enum status tiers_gate_of_a_sample(struct fixture_values *v) {
    const double seconds[] = {40.96e-6, 40.96e-6, 40.96e-6};
    const struct tiers_samples s = {seconds, 3, 4096};
    *v = (struct fixture_values){tiers_median_time(s, 1e9).value, 10, 40960, 1e-9};
    return ST_OK;
}

/* 4 requests in 8 ms beside 1 in 4 ms. */
enum status tiers_ratio_of_samples(struct fixture_values *v) {
    const double a[] = {8e-3, 8e-3}, b[] = {4e-3, 4e-3};
    const struct tiers_samples four = {a, 2, 4}, one = {b, 2, 1};
    *v = (struct fixture_values){tiers_time_ratio(four, one).value, 0.5, 2, 1e-12};
    return ST_OK;
}

/* 100 multiply-adds in 2 s beside 200 in 1 s; operations of the one over multiply-adds of the
 * other. */
enum status tiers_peak_in_flop(struct fixture_values *v) {
    const double a[] = {2, 2}, b[] = {1, 1};
    const struct tiers_samples pass = {a, 2, 1}, peak = {b, 2, 1};
    *v = (struct fixture_values){tiers_rate_share(pass, 100, peak, 200).value, 0.25, 0.5, 1e-12};
    return ST_OK;
}

/* A counter of 10 J that went from 9 J round to 2 J, over 2 samples of 5 requests. */
enum status tiers_energy_across_zero(struct fixture_values *v) {
    const struct energy_reading from = {1, {9000000}, {10000000}}, to = {1, {2000000}, {10000000}};
    const double seconds[] = {1, 1};
    const struct tiers_samples s = {seconds, 2, 5};
    *v = (struct fixture_values){tiers_request_mj(energy_joules(&from, &to), s), 300, -700, 1e-9};
    return ST_OK;
}

/* --- counts ----------------------------------------------------------------------------------- */

enum { SEQ = 3, D = 4, HEADS = 2, LAYERS = 2, FFN = 8, LOGITS = 5, PAIRS = 1 + 2 + 2 };

/* The second of two layers over three tokens with a window of two. */
static enum status counts_of_one_layer(struct transformer_counts *out) {
    const struct transformer_shape shape = {SEQ, D, HEADS, LAYERS, FFN, LOGITS};
    const struct transformer_pass pass = {1, LAYERS, SEQ, 2, true};
    const int32_t tokens[SEQ] = {0, 1, 2};
    struct transformer_weights weights;
    enum status st = transformer_weights_make(&shape, 1, &weights);
    if (st != ST_OK) {
        return st;
    }
    const struct transformer_impl *impl = kernel_find("transformer/scalar")->impl;
    void *network = impl->build(&weights);
    float logits[LOGITS];
    st = network != NULL ? ST_OK : status_set(ST_SYSTEM, "out of memory");
    if (st == ST_OK) {
        *out = (struct transformer_counts){0};
        impl->run(network, &pass, tokens, logits, NULL, out);
    }
    impl->release(network);
    transformer_weights_free(&weights);
    return st;
}

static const double layer_weights = 3 * D * D + D * D + 2 * D * FFN;

/* Causal: the first token reads one key, the others two. */
enum status tiers_macs_square(struct fixture_values *v) {
    struct transformer_counts n = {0};
    const enum status st = counts_of_one_layer(&n);
    const double products = SEQ * layer_weights + D * LOGITS;
    *v = (struct fixture_values){(double)(n.gemm_macs + n.attention_macs), products + 2 * PAIRS * D,
                                 products + 2 * SEQ * 2 * D, 0};
    return st;
}

/* A scale in four bytes of each head's key and value. */
enum status tiers_bytes_without_scales(struct fixture_values *v) {
    struct transformer_counts n = {0};
    const enum status st = counts_of_one_layer(&n);
    *v = (struct fixture_values){(double)n.kv_written_bytes, SEQ * 2 * (D + 4 * HEADS), SEQ * 2 * D,
                                 0};
    return st;
}

enum status tiers_reads_of_distinct_rows(struct fixture_values *v) {
    struct transformer_counts n = {0};
    const enum status st = counts_of_one_layer(&n);
    const double row = 2 * (D + 4 * HEADS);
    *v = (struct fixture_values){(double)n.kv_read_bytes, PAIRS * row, SEQ * row, 0};
    return st;
}

enum status tiers_weights_of_all_layers(struct fixture_values *v) {
    struct transformer_counts n = {0};
    const enum status st = counts_of_one_layer(&n);
    *v = (struct fixture_values){(double)n.weight_bytes, layer_weights + D * LOGITS,
                                 LAYERS * layer_weights + D * LOGITS, 0};
    return st;
}

/* 30 of 120 bytes. */
enum status tiers_saved_as_left(struct fixture_values *v) {
    *v = (struct fixture_values){tiers_saved_share(30, 120), 0.75, 0.25, 0};
    return ST_OK;
}

/* --- beside S004's numbers -------------------------------------------------------------------- */

static struct cell tier_1(const char *config, double us) {
    struct cell c = {.sample_count = 0};
    snprintf(c.arm, sizeof c.arm, "tier");
    cell_param_text(&c, "config", config);
    cell_param_integer(&c, "tier", 1);
    cell_param_text(&c, "weights", "warm");
    cell_metric(&c, "latency_p50_us", "us", false, us, 30);
    return c;
}

/* Calls a second of the baseline's tier 1; the first cell of that tier is another network's. */
enum status tiers_measured_elsewhere(struct fixture_values *v) {
    const struct cell micro = tier_1("micro", 10), baseline = tier_1("baseline", 200);
    const struct cell *const all[] = {&micro, &baseline};
    struct cell model = {.sample_count = 0};
    cell_param_text(&model, "config", "baseline");
    cell_param_integer(&model, "tier", 1);
    cell_param_text(&model, "quantity", "calls a second");
    *v = (struct fixture_values){tiers_measured_among(all, 2, &model), 5000, 100000, 1e-9};
    return ST_OK;
}

/* The three slowest of 200: two of tier 0 and one of tier 1; by their number alone tier 0 could
 * fill the tail. */
enum status tiers_tail_of_tier_0(struct fixture_values *v) {
    uint32_t ns[200];
    uint8_t tier[200];
    for (uint32_t i = 0; i < 200; i++) {
        ns[i] = 1000 + i;
        tier[i] = i < 50 || i >= 198 ? 0 : 1;
    }
    *v = (struct fixture_values){(double)tiers_identity(ns, tier, 200).others, 1, 0, 0};
    return ST_OK;
}
