/* The seed's operation-count model as cells: a table over N, and where its curves cross. */
#include <math.h>

#include "../../reference/opcount.h"
#include "crossover.h"
#include "crossover_model.h"

enum status crossover_read_model(const struct run *run, struct crossover_model *out) {
    const struct {
        const char *name;
        int64_t hi, *at;
    } values[] = {
        {"M", 1024, &out->m},
        {"ef", 4096, &out->ef},
        {"page", 4096, &out->page},
        {"d", 65536, &out->d},
        {"d_search", 65536, &out->d_search},
    };
    enum status st = ST_OK;
    for (size_t i = 0; i < sizeof values / sizeof values[0] && st == ST_OK; i++) {
        st = run_setting_integer(run, values[i].name, 1, values[i].hi, values[i].at);
    }
    return st;
}

/* --- plan ------------------------------------------------------------------------------------- */

/* The seed's table, with decimal K and M. */
static const int64_t contexts[] = {4000,   8000,   16000,   32000,   64000,  128000,
                                   256000, 512000, 1000000, 2000000, 4000000};

static void add_parameters(struct cell *c, const struct crossover_model *x) {
    cell_param_integer(c, "m", x->m);
    cell_param_integer(c, "ef", x->ef);
    cell_param_integer(c, "page", x->page);
    cell_param_integer(c, "d", x->d);
    cell_param_integer(c, "d_search", x->d_search);
}

enum status crossover_plan_formula(struct run *run) {
    struct crossover_model x;
    enum status st = crossover_read_model(run, &x);
    struct group *g = st == ST_OK ? run_group(run, "model", 0) : NULL;
    if (g == NULL) {
        return st == ST_OK ? ST_SYSTEM : st;
    }
    for (size_t i = 0; i <= sizeof contexts / sizeof contexts[0]; i++) {
        struct cell *c = group_cell(run, g, "model", "");
        if (c == NULL) {
            return ST_SYSTEM;
        }
        add_parameters(c, &x);
        if (i > 0) {
            cell_param_integer(c, "context", contexts[i - 1]);
        }
    }
    return ST_OK;
}

/* --- cells ------------------------------------------------------------------------------------ */

static void judge_count(struct judge *j, const char *what, int64_t n, double got, double want) {
    judge_near(j, what, n, got, want, want * 0x1p-50,
               want * 0x1p-50); /* a few roundings of float64 */
}

static void check_context(const struct crossover_model *x, struct cell *c, int64_t n,
                          struct judge *j) {
    int32_t d = (int32_t)x->d, page = (int32_t)x->page;
    judge_count(j, "full", n, crossover_full_ops(x, n), ref_full_ops(n, d));
    judge_count(j, "Quest", n, crossover_quest_ops(x, n), ref_quest_ops(n, page, d));
    judge_count(j, "HNSW", n, crossover_hnsw_ops(x, n),
                ref_hnsw_ops(n, (int32_t)x->m, (int32_t)x->ef, (int32_t)x->d_search));
    cell_metric(c, "full_ops", "ops", true, crossover_full_ops(x, n), 1);
    cell_metric(c, "quest_ops", "ops", true, crossover_quest_ops(x, n), 1);
    cell_metric(c, "hnsw_ops", "ops", true, ceil(crossover_hnsw_ops(x, n)), 1);
    cell_metric(c, "quest_over_hnsw_ratio", "ratio", true, crossover_ratio(x, n), 1);
}

static void check_crossover(const struct crossover_model *x, struct cell *c, struct judge *j) {
    struct crossover_points got = crossover_points(x);
    bool exists = !isnan(got.for_good);
    int64_t n = exists ? (int64_t)got.for_good : 0, first = exists ? (int64_t)got.first : 2;
    int64_t limit = n + 4 * x->page + 100, want_first;
    int64_t want = ref_crossover((int32_t)x->page, (int32_t)x->d, (int32_t)x->m, (int32_t)x->ef,
                                 (int32_t)x->d_search, limit, &want_first);
    if (n != want || first != want_first) {
        judge_fail(j, "crossover %lld and first %lld, oracle %lld and %lld", (long long)n,
                   (long long)first, (long long)want, (long long)want_first);
    }
    cell_metric(c, "crossover_n", "tokens", true, got.for_good, 1);
    cell_metric(c, "crossover_first_n", "tokens", true, got.first, 1);
    cell_metric(c, "crossover_smooth_n", "tokens", true, got.smooth, 1);
    if (!exists) {
        judge_marginal(j, "no crossover: Quest never costs less");
    }
}

enum status crossover_check_formula(struct run *run, struct cell *c) {
    struct crossover_model x;
    struct judge j;
    enum status st = crossover_read_model(run, &x);
    if (st != ST_OK) {
        return st;
    }
    judge_begin(&j);
    const struct param *context = cell_param(c, "context");
    if (context != NULL) {
        check_context(&x, c, context->integer, &j);
    } else {
        check_crossover(&x, c, &j);
    }
    cell_verdict(c, j.verdict, "%s", j.reason);
    judge_end(&j);
    return ST_OK;
}
