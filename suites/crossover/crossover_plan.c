/* Which arms are run on which data, by profile. */
#include <stdio.h>
#include <string.h>

#include "../../harness/judge/kernel.h"
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

/* --- sizes ------------------------------------------------------------------------------------ */

/* One group; N is decimal, as the seed's.  Captured N end eight tokens before a power of two, which
 * traces have queries for. */
struct size {
    enum profile least; /* the smallest profile that has it */
    enum crossover_kind kind;
    int32_t d, heads;
    int64_t n;
    bool sweep; /* every M, and FAISS's graph, up to the N of the profile */
};

static const struct size sizes[] = {
    {PROFILE_DEFAULT, CROSSOVER_CAPTURED, 64, 1, 1017, false},
    {PROFILE_SMOKE, CROSSOVER_CAPTURED, 64, 1, 2041, true},
    {PROFILE_FULL, CROSSOVER_CAPTURED, 64, 1, 4089, false},
    {PROFILE_FULL, CROSSOVER_CAPTURED, 64, 1, 8185, true},
    {PROFILE_DEFAULT, CROSSOVER_RESAMPLED, 128, 1, 4000, true},
    {PROFILE_DEFAULT, CROSSOVER_RESAMPLED, 128, 1, 16000, true},
    {PROFILE_DEFAULT, CROSSOVER_RESAMPLED, 128, 1, 64000, true},
    {PROFILE_FULL, CROSSOVER_RESAMPLED, 128, 1, 256000, false},
    {PROFILE_FULL, CROSSOVER_RESAMPLED, 64, 1, 4000, false},
    {PROFILE_FULL, CROSSOVER_RESAMPLED, 64, 1, 16000, false},
    {PROFILE_FULL, CROSSOVER_RESAMPLED, 64, 1, 64000, false},
    {PROFILE_DEFAULT, CROSSOVER_GAUSSIAN, 128, 1, 4000, false},
    {PROFILE_DEFAULT, CROSSOVER_GAUSSIAN, 128, 1, 16000, false},
    {PROFILE_DEFAULT, CROSSOVER_GAUSSIAN, 128, 1, 64000, false},
    {PROFILE_FULL, CROSSOVER_GAUSSIAN, 128, 1, 256000, false},
    {PROFILE_SMOKE, CROSSOVER_PLANTED, 128, 1, 4000, true},
    {PROFILE_SMOKE, CROSSOVER_PLANTED, 128, 1, 16000, true},
    {PROFILE_DEFAULT, CROSSOVER_PLANTED, 128, 1, 64000, true},
    {PROFILE_FULL, CROSSOVER_PLANTED, 128, 1, 256000, true},
    {PROFILE_FULL, CROSSOVER_PLANTED, 128, 1, 1000000, false},
    {PROFILE_FULL, CROSSOVER_PLANTED, 128, 1, 4000000, false},
    {PROFILE_DEFAULT, CROSSOVER_PLANTED, 128, 8, 4000, false},
    {PROFILE_DEFAULT, CROSSOVER_PLANTED, 128, 8, 16000, false},
    {PROFILE_FULL, CROSSOVER_PLANTED, 128, 8, 64000, false},
};

/* Settings of the arms; 0 ends a list. */
struct settings_of {
    int64_t keys[8], ef[9], m[4];
    int64_t faiss_most, sweep_most; /* largest N with FAISS's graph, with more than the last M */
};

static const struct settings_of settings[] = {
    [PROFILE_SMOKE] = {{64, 256, 1024}, {64, 256}, {16}, 4000, 0},
    [PROFILE_DEFAULT] = {{64, 256, 1024, 2048}, {16, 64, 256, 1024}, {8, 16, 32}, 16000, 4000},
    [PROFILE_FULL] = {{64, 256, 1024, 2048, 4096},
                      {16, 32, 64, 128, 256, 512, 1024, 4096},
                      {8, 16, 32},
                      4000,
                      256000},
};

enum { WIDE = 4096, WIDE_MOST = 64000, ONE_M_FROM = 256000, ONE_M = 16 };

/* --- cells ------------------------------------------------------------------------------------ */

struct context {
    struct run *run;
    struct group *group;
    const struct size *size;
    const struct settings_of *with;
    int64_t page;
    const char *library; /* whose links the flat search takes over */
};

static struct cell *add_format(const struct context *x, enum crossover_method method,
                               const char *kernel, enum scores_format format) {
    struct cell *c = group_cell(x->run, x->group, crossover_arms[method], kernel);
    if (c != NULL) {
        cell_param_text(c, "data", crossover_kind_names[x->size->kind]);
        cell_param_integer(c, "d", x->size->d);
        cell_param_integer(c, "kv_heads", x->size->heads);
        cell_param_integer(c, "context", x->size->n);
        cell_param_text(c, "dtype", crossover_dtypes[format]);
    }
    return c;
}

static struct cell *add(const struct context *x, enum crossover_method method, const char *kernel) {
    return add_format(x, method, kernel, SCORES_F32);
}

/* Choices that leave little out are no choice; thousands of keys only for captured text drawn
 * again, whose weight lies on so many. */
static bool wanted(const struct context *x, int64_t keys) {
    const bool wide = x->size->kind == CROSSOVER_RESAMPLED && x->size->n <= WIDE_MOST;
    return keys < x->size->n && (keys < WIDE || wide);
}

/* Narrow keys where there are so many that reading them is what a step takes. */
static enum status add_topk(const struct context *x, int64_t k) {
    const int formats = x->size->n >= CROSSOVER_NARROW_FROM ? CROSSOVER_FORMATS : SCORES_F32 + 1;
    for (int format = SCORES_F32; format < formats; format++) {
        struct cell *c = add_format(x, CROSSOVER_TOPK, "", (enum scores_format)format);
        if (c == NULL) {
            return ST_SYSTEM;
        }
        cell_param_integer(c, "k", k);
    }
    return ST_OK;
}

/* As many whole pages as k keys fill. */
static enum status add_quest(const struct context *x, int64_t k) {
    struct cell *c = k >= x->page ? add(x, CROSSOVER_QUEST, "") : NULL;
    if (c == NULL) {
        return k >= x->page ? ST_SYSTEM : ST_OK;
    }
    cell_param_integer(c, "k", k);
    cell_param_integer(c, "page", x->page);
    return ST_OK;
}

/* Where pages say little of their keys, only a large share of them is enough for Quest. */
static const int64_t eighths[] = {2, 4, 6, 7};

static enum status add_scans(const struct context *x) {
    if (add(x, CROSSOVER_READ, kernel_widest("stream_read/")->name) == NULL ||
        add(x, CROSSOVER_FULL, "") == NULL) {
        return ST_SYSTEM;
    }
    x->group->control = 1;
    enum status st = ST_OK;
    int64_t most = 0;
    for (const int64_t *k = x->with->keys; *k != 0 && st == ST_OK; k++) {
        if (wanted(x, *k)) {
            st = add_topk(x, *k);
            st = st == ST_OK ? add_quest(x, *k) : st;
            most = *k;
        }
    }
    for (size_t i = 0; i < sizeof eighths / sizeof eighths[0] && st == ST_OK; i++) {
        const int64_t k = x->size->n * eighths[i] / 8 / x->page * x->page;
        st = k > most ? add_quest(x, k) : ST_OK;
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

/* The flat search at every M, the libraries at the largest. */
static enum status add_m(const struct context *x, int64_t m, bool libraries) {
    enum status st = add_searches(x, kernel_widest("graph/flat_")->name, x->library, m);
    if (st == ST_OK && libraries) {
        st = add_searches(x, "graph/hnswlib", NULL, m);
    }
    if (st == ST_OK && libraries && x->size->sweep && x->size->n <= x->with->faiss_most) {
        st = add_searches(x, "graph/faiss", NULL, m);
    }
    return st;
}

static enum status add_graphs(const struct context *x) {
    enum status st = ST_OK;
    if (x->size->n >= ONE_M_FROM && !x->size->sweep) {
        return add_m(x, ONE_M, true);
    }
    for (const int64_t *m = x->with->m; *m != 0 && st == ST_OK; m++) {
        const bool last = m[1] == 0;
        if (last || (x->size->sweep && x->size->n <= x->with->sweep_most)) {
            st = add_m(x, *m, last);
        }
    }
    return st;
}

bool crossover_is_long(enum crossover_kind kind, int64_t n) {
    enum { COMMITTED = 2048 }; /* tokens of the committed trace */
    return kind == CROSSOVER_CAPTURED && n > COMMITTED;
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
        if (sizes[i].least <= run_profile(run) && sizes[i].n <= most &&
            !(crossover_is_long(sizes[i].kind, sizes[i].n) && run_model(run) != NULL)) {
            st = add_size(run, &sizes[i], page);
        }
    }
    return st;
}
