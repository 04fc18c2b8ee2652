#include "retrieval_sizes.h"

#include <inttypes.h>

/* One core takes about 2.5 ms a token for a forward with its losses, with each way of attention and
 * each budget, and about 65 ms a measured query for recall and mass of all methods at four budgets
 * in all layers: texts, tokens and the lists of budgets decide how long a run takes. */
static const struct retrieval_size sizes[] = {
    [PROFILE_SMOKE] = {.sets = {[RETRIEVAL_SINGLE] = {2, 256, 1},
                                [RETRIEVAL_PACKED] = {1, 256, 1},
                                [RETRIEVAL_HELD] = {1, 256, 1}},
                       .budgets = {32, 64},
                       .ppl_budgets = {64},
                       .few_budget = 64,
                       .coverage_texts = 1,
                       .coverage = {6, 30},
                       .identity_tokens = 64},
    [PROFILE_DEFAULT] = {.sets = {[RETRIEVAL_SINGLE] = {6, 512, 4},
                                  [RETRIEVAL_PACKED] = {2, 1024, 4},
                                  [RETRIEVAL_WHOLE] = {1, 2048, 16},
                                  [RETRIEVAL_HELD] = {2, 512, 4}},
                         .budgets = {32, 64, 128, 256},
                         .ppl_budgets = {64, 128, 256},
                         .few_budget = 64,
                         .coverage_texts = 4,
                         .coverage = {6, 18, 30},
                         .identity_tokens = 128},
    [PROFILE_FULL] = {.sets = {[RETRIEVAL_SINGLE] = {32, 512, 4},
                               [RETRIEVAL_PACKED] = {8, 1024, 4},
                               [RETRIEVAL_WHOLE] = {2, 8192, 64},
                               [RETRIEVAL_HELD] = {4, 512, 4}},
                      .budgets = {16, 32, 64, 128, 256, 512, 1024},
                      .ppl_budgets = {16, 32, 64, 128, 256},
                      .few_budget = 64,
                      .coverage_texts = 8,
                      .coverage = {6, 12, 18, 24, 30},
                      .identity_tokens = 256},
};

enum { LEAST_TOKENS = 128 };

static enum status read_settings(const struct run *run, struct retrieval_set_size *single) {
    enum status st = ST_OK;
    if (run_setting(run, "retrieval_tokens")[0] != '\0') {
        st = run_setting_integer(run, "retrieval_tokens", LEAST_TOKENS, 1 << 20, &single->tokens);
    }
    if (st == ST_OK && run_setting(run, "retrieval_texts")[0] != '\0') {
        st = run_setting_integer(run, "retrieval_texts", 1, RETRIEVAL_TEXTS, &single->texts);
    }
    return st;
}

enum status retrieval_size_of(const struct run *run, int64_t context, struct retrieval_size *out) {
    *out = sizes[run_profile(run)];
    struct retrieval_set_size *single = &out->sets[RETRIEVAL_SINGLE];
    enum status st = read_settings(run, single);
    if (st == ST_OK && context < LEAST_TOKENS) {
        st = status_set(ST_INPUT,
                        "retrieval: sequences have %d tokens or more, the model's context has "
                        "%" PRId64,
                        LEAST_TOKENS, context);
    }
    for (size_t i = 0; i < RETRIEVAL_SETS; i++) {
        struct retrieval_set_size *set = &out->sets[i];
        set->tokens = set->tokens < context ? set->tokens : context;
    }
    out->sets[RETRIEVAL_HELD].tokens = single->tokens;
    if (out->sets[RETRIEVAL_WHOLE].tokens <= single->tokens) {
        out->sets[RETRIEVAL_WHOLE].texts = 0;
    }
    out->coverage_texts = out->coverage_texts < single->texts ? out->coverage_texts : single->texts;
    if (out->identity_tokens > single->tokens) {
        out->identity_tokens = single->tokens;
    }
    return st;
}

bool retrieval_has_budget(const int64_t *budgets, int64_t budget) {
    while (*budgets != 0 && *budgets != budget) {
        budgets++;
    }
    return *budgets != 0;
}
