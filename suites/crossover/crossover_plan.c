/* Which arms are run on which data, by profile. */
#include <stdio.h>
#include <string.h>

#include "../../harness/judge/kernel.h"
#include "../../harness/run/roofline.h"
#include "crossover.h"

const char *const crossover_arms[CROSSOVER_METHODS] = {
    [CROSSOVER_READ] = "read",   [CROSSOVER_FULL] = "full", [CROSSOVER_TOPK] = "topk",
    [CROSSOVER_QUEST] = "quest", [CROSSOVER_HNSW] = "hnsw",
};

enum crossover_method crossover_method_of(const struct cell *c) {
    enum crossover_method method = 0;
    while (method < CROSSOVER_METHODS && strcmp(crossover_arms[method], c->arm) != 0) {
        method++;
    }
    return method;
}

const char *crossover_text(const struct cell *c, const char *name) {
    const struct param *p = cell_param(c, name);
    return p != NULL && p->kind == PARAM_TEXT ? p->text : "";
}

/* --- sizes --------------------------------------------------------------------------------------
 */

/* One group; N is decimal, as the seed's.  Captured N end eight tokens before a power of two, which
 * the trace has queries for. */
struct size {
    enum profile least; /* the smallest profile that has it */
    enum crossover_kind kind;
    int32_t d, heads;
    int64_t n;
};

static const struct size sizes[] = {
    {PROFILE_DEFAULT, CROSSOVER_CAPTURED, 64, 1, 505},
    {PROFILE_DEFAULT, CROSSOVER_CAPTURED, 64, 1, 1017},
    {PROFILE_SMOKE, CROSSOVER_CAPTURED, 64, 1, 2041},
    {PROFILE_DEFAULT, CROSSOVER_RESAMPLED, 128, 1, 4000},
    {PROFILE_DEFAULT, CROSSOVER_RESAMPLED, 128, 1, 16000},
    {PROFILE_DEFAULT, CROSSOVER_RESAMPLED, 128, 1, 64000},
    {PROFILE_FULL, CROSSOVER_RESAMPLED, 128, 1, 256000},
    {PROFILE_FULL, CROSSOVER_RESAMPLED, 64, 1, 4000},
    {PROFILE_FULL, CROSSOVER_RESAMPLED, 64, 1, 16000},
    {PROFILE_FULL, CROSSOVER_RESAMPLED, 64, 1, 64000},
    {PROFILE_DEFAULT, CROSSOVER_GAUSSIAN, 128, 1, 4000},
    {PROFILE_DEFAULT, CROSSOVER_GAUSSIAN, 128, 1, 16000},
    {PROFILE_DEFAULT, CROSSOVER_GAUSSIAN, 128, 1, 64000},
    {PROFILE_FULL, CROSSOVER_GAUSSIAN, 128, 1, 256000},
    {PROFILE_SMOKE, CROSSOVER_PLANTED, 128, 1, 4000},
    {PROFILE_SMOKE, CROSSOVER_PLANTED, 128, 1, 16000},
    {PROFILE_DEFAULT, CROSSOVER_PLANTED, 128, 1, 64000},
    {PROFILE_FULL, CROSSOVER_PLANTED, 128, 1, 256000},
    {PROFILE_FULL, CROSSOVER_PLANTED, 128, 1, 1000000},
    {PROFILE_FULL, CROSSOVER_PLANTED, 128, 1, 4000000},
    {PROFILE_DEFAULT, CROSSOVER_PLANTED, 128, 8, 4000},
    {PROFILE_DEFAULT, CROSSOVER_PLANTED, 128, 8, 16000},
    {PROFILE_FULL, CROSSOVER_PLANTED, 128, 8, 64000},
};

/* Settings of the arms; 0 ends a list. */
struct settings_of {
    int64_t keys[8], ef[9], m[4];
    int64_t faiss_most,
        several_m_most; /* largest N with FAISS's graph, with more than the last M */
};

static const struct settings_of settings[] = {
    [PROFILE_SMOKE] = {{64, 256, 1024}, {64, 256}, {16}, 4000, 0},
    [PROFILE_DEFAULT] = {{64, 256, 1024, 2048}, {16, 64, 256, 1024}, {8, 16, 32}, 16000, 4000},
    [PROFILE_FULL] = {{64, 128, 256, 512, 1024, 2048, 4096},
                      {16, 32, 64, 128, 256, 512, 1024, 4096},
                      {8, 16, 32},
                      16000,
                      256000},
};

enum { WIDE = 4096, WIDE_MOST = 64000, ONE_M_FROM = 1000000, ONE_M = 16 };

/* --- cells --------------------------------------------------------------------------------------
 */

struct context {
    struct run *run;
    struct group *group;
    const struct size *size;
    const struct settings_of *with;
    int64_t page;
    const char *library; /* whose links the flat search takes over */
};

static struct cell *add(const struct context *x, enum crossover_method method, const char *kernel) {
    struct cell *c = group_cell(x->run, x->group, crossover_arms[method], kernel);
    if (c != NULL) {
        cell_param_text(c, "data", crossover_kind_names[x->size->kind]);
        cell_param_integer(c, "d", x->size->d);
        cell_param_integer(c, "kv_heads", x->size->heads);
        cell_param_integer(c, "context", x->size->n);
        cell_param_text(c, "dtype", "f32");
    }
    return c;
}

/* Choices that leave little out are no choice; thousands of keys only for captured text drawn
 * again, whose weight lies on so many. */
static bool wanted(const struct context *x, int64_t keys) {
    const bool wide = x->size->kind == CROSSOVER_RESAMPLED && x->size->n <= WIDE_MOST;
    return keys < x->size->n && (keys < WIDE || wide);
}

/* Exact top-K, and as many whole pages. */
static enum status add_budget(const struct context *x, int64_t k) {
    struct cell *topk = add(x, CROSSOVER_TOPK, "");
    if (topk == NULL) {
        return ST_SYSTEM;
    }
    cell_param_integer(topk, "k", k);
    struct cell *quest = k >= x->page ? add(x, CROSSOVER_QUEST, "") : topk;
    if (quest == NULL) {
        return ST_SYSTEM;
    }
    if (quest != topk) {
        cell_param_integer(quest, "k", k);
        cell_param_integer(quest, "page", x->page);
    }
    return ST_OK;
}

/* Where attention is diffuse, or pages say little, only a large share of the keys is enough. */
static const int64_t eighths[] = {2, 4, 6, 7};

static enum status add_scans(const struct context *x) {
    if (add(x, CROSSOVER_READ, kernel_widest("stream_read")->name) == NULL ||
        add(x, CROSSOVER_FULL, "") == NULL) {
        return ST_SYSTEM;
    }
    x->group->control = 1;
    enum status st = ST_OK;
    int64_t most = 0;
    for (const int64_t *k = x->with->keys; *k != 0 && st == ST_OK; k++) {
        if (wanted(x, *k)) {
            st = add_budget(x, *k);
            most = *k;
        }
    }
    for (size_t i = 0; i < sizeof eighths / sizeof eighths[0] && st == ST_OK; i++) {
        const int64_t k = x->size->n * eighths[i] / 8 / x->page * x->page;
        st = k > most ? add_budget(x, k) : ST_OK;
    }
    return st;
}

/* A kernel at every ef; library: whose links a flat search takes over, or NULL. */
static enum status add_searches(const struct context *x, const char *kernel, const char *library,
                                int64_t m) {
    for (const int64_t *ef = x->with->ef; *ef != 0; ef++) {
        if (!wanted(x, *ef)) {
            continue;
        }
        struct cell *c = add(x, CROSSOVER_HNSW, kernel);
        if (c == NULL) {
            return ST_SYSTEM;
        }
        cell_param_integer(c, "m", m);
        cell_param_integer(c, "ef", *ef);
        if (library != NULL) {
            cell_param_text(c, "links_of", library);
        }
    }
    return ST_OK;
}

static const char *widest_flat(void) {
    static const char *const flat[] = {"graph/flat_avx512", "graph/flat_avx2"};
    for (size_t i = 0; i < sizeof flat / sizeof flat[0]; i++) {
        const struct kernel *k = kernel_find(flat[i]);
        if (k != NULL && kernel_unavailable(k) == NULL) {
            return flat[i];
        }
    }
    return "graph/flat_scalar";
}

/* The flat search at every M, the libraries at the largest. */
static enum status add_m(const struct context *x, int64_t m, bool libraries) {
    enum status st = add_searches(x, widest_flat(), x->library, m);
    if (st == ST_OK && libraries) {
        st = add_searches(x, "graph/hnswlib", NULL, m);
    }
    if (st == ST_OK && libraries && x->size->n <= x->with->faiss_most) {
        st = add_searches(x, "graph/faiss", NULL, m);
    }
    return st;
}

static enum status add_graphs(const struct context *x) {
    enum status st = ST_OK;
    if (x->size->n >= ONE_M_FROM) {
        return add_m(x, ONE_M, true);
    }
    for (const int64_t *m = x->with->m; *m != 0 && st == ST_OK; m++) {
        const bool last = m[1] == 0;
        if (last || x->size->n <= x->with->several_m_most) {
            st = add_m(x, *m, last);
        }
    }
    return st;
}

static enum status add_size(struct run *run, const struct size *size, int64_t page) {
    char name[CELL_NAME];
    snprintf(name, sizeof name, "%s-%d-%d-%lld", crossover_kind_names[size->kind], size->d,
             size->heads, (long long)size->n);
    const struct kernel *hnswlib = kernel_find("graph/hnswlib");
    struct context x = {
        .run = run,
        .group = run_group(run, name, CROSSOVER_ROUNDS),
        .size = size,
        .with = &settings[run_profile(run)],
        .page = page,
        .library = hnswlib != NULL && kernel_unavailable(hnswlib) == NULL ? "hnswlib" : "faiss"};
    enum status st = x.group != NULL ? add_scans(&x) : ST_SYSTEM;
    return st == ST_OK ? add_graphs(&x) : st;
}

enum status crossover_plan_arms(struct run *run) {
    int64_t most, page;
    enum status st = run_setting_integer(run, "max_n", 0, INT32_MAX, &most);
    st = st == ST_OK ? run_setting_integer(run, "page", 1, 4096, &page) : st;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] && st == ST_OK; i++) {
        if (sizes[i].least <= run_profile(run) && sizes[i].n <= most) {
            st = add_size(run, &sizes[i], page);
        }
    }
    return st;
}
